"""A child process, from the parent's side."""

import asyncio
import multiprocessing
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tests.scenarios.crash.child import Plan

CONTEXT = multiprocessing.get_context("forkserver")
# What a child needs is imported once, in the server that children are forked from: also what is imported late.
_LATE = ("aiosqlite", "anyio._backends._asyncio", "apscheduler.schedulers.asyncio", "httpcore", "httpcore2", "openai")
CONTEXT.set_forkserver_preload(["pytest", "tests.scenarios.crash.child", *_LATE])


class Child:
    """Runs `target(plan, pipe, *more)` while the context is open, unless it dies before.

    `points` are the crash points it has passed, `codes` the pairing codes it has announced; `dead` is done when it is.
    """

    def __init__(self, plan: Plan, target: Callable[..., None], *more: Any) -> None:
        self.points: list[str] = []
        self.codes: list[str] = []
        self._plan = plan
        self._pipe, self._its_pipe = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(target=target, args=(plan, self._its_pipe, *more), daemon=True)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.dead: asyncio.Future[None] = loop.create_future()
        self._process.start()
        self._its_pipe.close()
        loop.add_reader(self._pipe.fileno(), self._hear)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()
        self._process.close()
        self._pipe.close()
        if isinstance(error, Exception):
            error.add_note(f"The log of {self._plan}:\n{self._plan.log.read_text()[-4000:]}")

    async def kill(self) -> int:
        """SIGKILL; its exit status."""
        self._process.kill()
        return await self.ended()

    async def terminate(self) -> int:
        """SIGTERM; its exit status."""
        self._process.terminate()
        return await self.ended()

    async def ended(self) -> int:
        """Wait for its end: its exit status, or the negative number of the signal that killed it."""
        await asyncio.shield(self.dead)
        self._process.join()
        return int(self._process.exitcode or 0)

    def _hear(self) -> None:
        try:
            kind, said = self._pipe.recv()
        except EOFError:
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self.dead.set_result(None)
            return
        (self.points if kind == "point" else self.codes).append(said)
