"""`apprentice cost`, as the shell sees it."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.domain.cost import Used
from bot.store import schema, spending
from bot.store.commits import Commit
from bot.store.store import Connection, Store
from tests.cli.test_skills import run

TABLES = """
[budgets]
currency = "EUR"
[prices."small"]
input = 1.0
output = 10.0
"""


@pytest.fixture(autouse=True)
def spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    schema.upgrade(tmp_path / "data" / "apprentice.db")

    def work(connection: Connection) -> None:
        for day, tokens in (("2026-11-22", 100_000), ("2026-11-23", 200_000)):
            spending.add(connection, day, "telegram:7", "telegram:7", Used("small", 1, tokens, 1_000))
        spending.add(connection, "2026-11-23", "telegram:7", "telegram:7", Used("small", 1, 100_000, 0))
        spending.add(connection, "2026-11-23", "", "learning:telegram:7", Used("other", 2, 500, 50))

    async def write() -> None:
        async with Store(tmp_path / "data" / "apprentice.db") as store:
            await store.write(Commit.FINISH, work)

    asyncio.run(write())


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("day", [("2026-11-22", 1, 100_000, 1_000, 0.11), ("2026-11-23", 4, 300_500, 1_050, None)]),
        ("person", [("", 2, 500, 50, None), ("telegram:7", 3, 400_000, 2_000, 0.42)]),
        ("conversation", [("learning:telegram:7", 2, 500, 50, None), ("telegram:7", 3, 400_000, 2_000, 0.42)]),
        ("model", [("other", 2, 500, 50, None), ("small", 3, 400_000, 2_000, 0.42)]),
    ],
)
def test_what_was_used_is_summed_up(by: str, rows: list[tuple[object, ...]]) -> None:
    Path("apprentice.toml").write_text(TABLES)
    printed = run("cost", "--by", by, "--json").splitlines()
    assert printed[0] == "No price in apprentice.toml, so tokens only: other"
    told = json.loads(printed[1])
    assert [(*row.values(),) for row in told] == [(*row, "EUR") for row in rows]


def test_the_table_is_by_day_with_money_where_there_are_prices() -> None:
    assert " EUR" not in run("cost")
    Path("apprentice.toml").write_text(TABLES)
    _, first, second = run("cost").splitlines()
    assert first.split() == ["2026-11-22", "1", "calls", "100000", "tokens", "in", "1000", "out", "0.1100", "EUR"]
    assert second.split() == ["2026-11-23", "4", "calls", "300500", "tokens", "in", "1050", "out"]


def test_an_unknown_way_to_sum_is_used_wrongly() -> None:
    assert "'week'" in run("cost", "--by", "week", status=2)
