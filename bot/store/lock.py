"""One process at a time works on a database: a file lock beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import ConfigError


@contextmanager
def process_lock(home: Path) -> Iterator[None]:
    """Hold the lock of the folder `home`. Raises ConfigError when another process holds it."""
    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / "apprentice.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ConfigError(
            f"Another apprentice is working in {home}. Stop it first, or set APPRENTICE_HOME to another folder."
        ) from None
    try:
        yield
    finally:
        lock.release()
