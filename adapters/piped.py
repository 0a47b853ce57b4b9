"""The lines of a pipe, as they come."""

import asyncio
import os
from collections.abc import AsyncGenerator

READ_BYTES = 65_536


async def lines(source: int) -> AsyncGenerator[str, None]:
    """The lines of a pipe or a file."""
    buffer = bytearray()
    while data := await _read(source):
        buffer += data
        if b"\n" in data:
            *whole, rest = bytes(buffer).split(b"\n")
            buffer = bytearray(rest)
            for line in whole:
                yield line.decode(errors="replace")
    yield buffer.decode(errors="replace")


async def _read(source: int) -> bytes:
    """The next bytes, none at the end, without holding up the loop."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(source, ready.set)
    except PermissionError:
        return os.read(source, READ_BYTES)  # a regular file: epoll refuses it because it never keeps one waiting
    try:
        await ready.wait()
    finally:
        loop.remove_reader(source)
    return os.read(source, READ_BYTES)
