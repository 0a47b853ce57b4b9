"""The weekly digest: once a week, from its hour on, with what the rows say of that chat alone."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.chat import Conversation, Person
from bot.domain.cost import Budgets, Prices, Used
from bot.domain.skill import SkillRef
from bot.errors import ConfigError
from bot.learning.digest import Digest, Weekly
from bot.settings import load
from bot.skills import life
from bot.store import audit, conversations, journal, scopes, spending, tables, turns
from bot.store.audit import Event
from bot.store.commits import Commit
from bot.store.journal import Entry
from bot.store.skills import Use
from bot.store.store import Connection, Store
from bot.store.turns import NewTurn
from tests.engine.made import GROUP, ROOM, HandClock
from tests.learning.lived import claim, deliveries, finished

BERLIN = ZoneInfo("Europe/Berlin")
REF = SkillRef("orders", "d" * 64)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-23T07:59", ""),
        ("2026-11-23T08:00", "2026-W48"),
        ("2026-11-29T22:59", "2026-W48"),
        ("2026-11-29T23:00", ""),
        ("2027-01-01T12:00", "2026-W53"),
    ],
)
def test_a_digest_is_due_from_its_hour_to_the_end_of_the_week(now: str, due: str) -> None:
    weekly = Weekly(("local",), 0, time(9), BERLIN)
    assert weekly.due(datetime.fromisoformat(now).replace(tzinfo=UTC)) == due


async def used(store: Store, home: Conversation, at: float, calls: int) -> None:
    """A turn with one call of the model (2 s, 1,000 tokens) and one use that went well."""

    def work(connection: Connection) -> None:
        conversations.remember(connection, home)
        new = NewTurn(f"{home.key}:{at}", home.lane, "message", {"text": "", "person": {"id": "telegram:7"}}, home.key)
        turn = turns.enqueue(connection, new, at)
        assert turn is not None
        entry = Entry("model:0", "", [], once=False)
        journal.start(connection, turn, entry, at)
        journal.end(connection, turn, replace(journal.ended(entry, {"text": "", "calls": []}), tokens=1_000), at + 2)
        life.used(connection, Use(turn, "tool:0.0", REF, {}, "done", (True,), calls=calls), at)

    await store.write(Commit.FINISH, work)


async def told(store: Store, digest: Digest, clock: HandClock, home: Conversation) -> list[str]:
    await store.write(Commit.REMIND, digest.submit)
    waiting = await store.read(lambda connection: turns.due_lanes(connection, clock.now().timestamp()))
    if "job:digest" in waiting:
        turn = await claim(store, "job:digest")
        await finished(store, turn, await digest.tell(turn))
    return [message.text for message, _ in await deliveries(store, home)]


async def test_the_week_is_told_once_with_what_happened_in_that_chat(store: Store) -> None:
    clock = HandClock()
    clock.time = datetime(2026, 11, 23, 12, tzinfo=UTC)
    now = clock.time.timestamp()
    digest = Digest(clock, Weekly((ROOM.scope,), 0, time(9)))
    await used(store, ROOM, now - 3600, 31)
    await used(store, ROOM, now - 8 * 86_400, 99)
    await used(store, GROUP, now - 3600, 99)

    def decided(connection: Connection) -> None:
        audit.note(connection, Event("approved", REF, ROOM.scope, Person("telegram:7")), now - 60)
        audit.note(connection, Event("suspended", SkillRef("other", "e" * 64), GROUP.scope), now - 60)
        scopes.report(connection, ROOM.scope, now - 60, {}, 1_234)

    await store.write(Commit.FINISH, decided)
    assert await told(store, digest, clock, ROOM) == [
        "**Seven days here**\n\n- Learned: orders\n- Dropped: nothing\n- Uses of skills: 1; well 1, badly 0\n"
        "- Saved about: calls of the model 30, tokens 30000, minutes of waiting 1\n"
        "- Waiting for a decision: nothing\n- Tokens that learning cost: 1234"
    ]
    clock.time += timedelta(days=2)
    assert await told(store, digest, clock, ROOM) == []
    clock.time += timedelta(days=5)
    assert len(await told(store, digest, clock, ROOM)) == 1


async def test_money_is_told_where_every_model_has_a_price(store: Store) -> None:
    clock = HandClock()
    clock.time = datetime(2026, 11, 23, 12, tzinfo=UTC)
    await used(store, ROOM, clock.time.timestamp() - 3600, 31)

    def spent(connection: Connection) -> None:
        spending.add(connection, "2026-11-20", "telegram:7", ROOM.key, Used("small", 1, 800_000, 200_000))
        spending.add(connection, "2026-11-21", "", f"learning:{ROOM.scope}", Used("small", 1, 100_000, 0))
        spending.add(connection, "2026-11-21", "telegram:8", GROUP.key, Used("small", 1, 7_000_000, 0))
        spending.add(connection, "2026-11-15", "telegram:7", ROOM.key, Used("small", 1, 7_000_000, 0))

    await store.write(Commit.FINISH, spent)
    granted = Budgets(prices=Prices("EUR", {"small": (1.0, 10.0)}))
    [priced] = await told(store, Digest(clock, Weekly((ROOM.scope,)), granted), clock, ROOM)
    # 2.80 EUR for a million tokens of work, and 30 calls of 1,000 tokens were saved.
    assert priced.endswith("- Money spent: 2.90 EUR, of it on learning 0.1000 EUR; saved about: 0.0840 EUR")
    more = Used("unpriced", 1, 1, 1)
    await store.write(Commit.FINISH, lambda c: spending.add(c, "2026-11-25", "telegram:7", ROOM.key, more))
    clock.time += timedelta(days=7)
    [unpriced] = await told(store, Digest(clock, Weekly((ROOM.scope,)), granted), clock, ROOM)
    assert "Money" not in unpriced


async def test_a_chat_in_which_nobody_spoke_or_that_the_bot_left_hears_nothing(store: Store) -> None:
    clock = HandClock()
    clock.time = datetime(2026, 11, 23, 12, tzinfo=UTC)
    digest = Digest(clock, Weekly(("slack:T1/C9",)))
    assert await told(store, digest, clock, Conversation("slack", "T1/C9", direct=False)) == []
    await used(store, GROUP, clock.time.timestamp() - 60, 3)
    left = tables.chats.insert().values(platform=GROUP.platform, chat=GROUP.chat, gone=1.0)
    await store.write(Commit.FINISH, lambda connection: connection.execute(left) and None)
    assert await told(store, Digest(clock, Weekly((GROUP.scope,))), clock, GROUP) == []


def test_a_wrong_zone_or_day_stops_the_start(tmp_path: Path) -> None:
    wrong = tmp_path / "apprentice.toml"
    wrong.write_text('[digest]\nday = "someday"\nzone = "Mars/Olympus"\n')
    with pytest.raises(ConfigError) as refused:
        load(tables=wrong)
    assert "is no time zone: write one as in Europe/Berlin" in str(refused.value)
    assert "day" in str(refused.value)
