"""Several awaitables at once, with the first error as itself."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def at_once(jobs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in the order of the jobs. When one raises, the others are cancelled and awaited, and it is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except BaseExceptionGroup as error:
        raise error.exceptions[0] from None
    return [task.result() for task in tasks]
