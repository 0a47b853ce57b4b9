"""Once a day what is too old is looked for, when the quiet hours are over; never where all is kept.

Every hour what waits for people and what nobody needs; in quiet hours once, for when they are over.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.app import Outside, opened
from bot.settings import load
from bot.store.tables import turns
from tests.engine.desk import ScriptedModel
from tests.engine.made import HandClock


@pytest.mark.parametrize(("days", "dues"), [(30, [7, 7 + 24]), (0, [])])
async def test_it_is_looked_for_once_a_day(tmp_path: Path, days: int, dues: list[int]) -> None:
    tables = tmp_path / "apprentice.toml"
    tables.write_text(f"[retention]\ndays = {days}\n[quiet]\nfrom = 22:00:00\nto = 07:00:00\n")
    settings = load(home=tmp_path / "data", skills=tmp_path / "skills", tables=tables)
    clock, model = HandClock(), ScriptedModel()
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    async with opened(settings, Outside({}, model, model, clock, print)) as app:
        for hour in (1, 2, 25):
            clock.time = midnight
            await clock.sleep(hour * 3600)
            await app.jobs.remind()
        found = sa.select(turns.c.due).where(turns.c.kind == "retain").order_by(turns.c.id)
        kept = await app.store.read(lambda connection: list(connection.scalars(found)))
        evicting = sa.select(turns.c.due).where(turns.c.kind == "retire").order_by(turns.c.id)
        retiring = await app.store.read(lambda connection: list(connection.scalars(evicting)))
    assert [(due - midnight.timestamp()) / 3600 for due in kept] == dues
    assert [(due - midnight.timestamp()) / 3600 for due in retiring] == [7, 7 + 24]
