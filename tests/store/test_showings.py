"""The counts of what was shown."""

from functools import partial

from bot.domain.skill import SkillRef
from bot.store import showings
from bot.store.commits import Commit
from bot.store.showings import Counts, Showing
from bot.store.store import Store

A, B = SkillRef("a", "1"), SkillRef("b", "1")


async def test_counts_add_up_per_version_and_scope(store: Store) -> None:
    turns = [
        ("here", [Showing(A, True, False), Showing(B, False, False)]),
        ("here", [Showing(A, False, True), Showing(B, True, False)]),
        ("here", [Showing(A, False, True)]),
        ("there", [Showing(SkillRef("a", "2"), False, True)]),
        ("there", []),
    ]
    for scope, seen in turns:
        await store.write(Commit.FINISH, partial(showings.add, scope=scope, seen=seen))
    assert await store.read(lambda connection: showings.counts(connection, "here")) == {
        A: Counts(3, 1, 2),
        B: Counts(2, 1, 0),
    }
    assert await store.read(lambda connection: showings.counts(connection, "there")) == {
        SkillRef("a", "2"): Counts(1, 0, 1)
    }
    assert await store.read(lambda connection: showings.counts(connection, "nowhere")) == {}
