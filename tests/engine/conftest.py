"""A real database in a folder of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import schema
from bot.store.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    schema.upgrade(tmp_path / "test.db")
    async with Store(tmp_path / "test.db") as store:
        yield store
