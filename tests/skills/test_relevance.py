"""The live skills of a scope in the order of a message: real folders, a real database."""

import shutil
from pathlib import Path

import pytest

from bot.domain.skill import Procedure, Skill, SkillRef, Step, Trigger
from bot.skills import folder, format
from bot.skills.library import Library
from bot.skills.relevance import Relevance
from bot.store import showings, skills
from bot.store.commits import Commit
from bot.store.showings import Showing
from bot.store.skills import Approval
from bot.store.store import Store
from tests.engine.made import HandClock

HERE = "telegram:7"


class Shop:
    """A library and its relevance."""

    def __init__(self, store: Store, root: Path) -> None:
        self.store, self.root = store, root
        self.library = Library(root, store, HandClock())
        self.relevance = Relevance(self.library, store)

    async def add(self, name: str, description: str, *keywords: str, scope: str | None = None) -> SkillRef:
        procedure = Procedure((Step("a", "t"),), trigger=Trigger(keywords))
        files = format.render(Skill(name, description, procedure, scope))
        given = Approval(SkillRef(name, folder.digest(files)), scope, files, "Mia", 1.0)
        await self.store.write(Commit.APPROVE, lambda connection: skills.approve(connection, given))
        await self.library.publish(given)
        return given.ref

    async def order(self, text: str, scope: str = HERE) -> list[str]:
        return [ranked.entry.name for ranked in await self.relevance.ranked(scope, text)]

    async def found(self, text: str, scope: str = HERE) -> list[str]:
        return [each.entry.name for each in await self.relevance.ranked(scope, text) if each.score > 0]


@pytest.fixture
def shop(store: Store, tmp_path: Path) -> Shop:
    return Shop(store, tmp_path / "skills")


async def test_all_skills_of_the_scope_are_ordered_and_none_of_another(shop: Shop) -> None:
    assert await shop.order("parcels") == []
    await shop.add("wine", "Picks a wine.")
    assert await shop.order("parcels") == ["wine"]
    await shop.add("birds", "Names birds by their song.")
    await shop.add("orders", "Tells the state of parcels.")
    await shop.add("secrets", "Tells the state of parcels.", "parcels", scope="telegram:8")
    assert await shop.order("Where are my parcels?") == ["orders", "birds", "wine"]
    assert await shop.order("Where are my parcels?", "telegram:8") == ["secrets", "orders", "birds", "wine"]
    assert await shop.order("") == ["birds", "orders", "wine"]


async def test_words_follow_the_folders(shop: Shop) -> None:
    await shop.add("wine", "Picks a wine.")
    await shop.add("birds", "Names birds by their song.", "feather")
    assert await shop.found("Song and feathers!") == ["birds"]
    await shop.add("birds", "Names fish.")
    assert await shop.found("song") == []
    assert await shop.found("fish") == ["birds"]
    (shop.root / "birds" / "note.md").write_text("by hand: waits for approval")
    assert await shop.found("fish") == []
    shutil.rmtree(shop.root / "birds")
    assert await shop.order("fish") == ["wine"]


async def test_what_the_model_passes_over_in_a_scope_loses_rank_there(shop: Shop) -> None:
    never = await shop.add("a-bill", "Shows a bill.")
    await shop.add("b-bill", "Shows a bill.")
    assert await shop.order("bill") == ["a-bill", "b-bill"]
    passed = [Showing(never, chosen=False, passed=True)]
    for _ in range(3):
        await shop.store.write(Commit.FINISH, lambda connection: showings.add(connection, HERE, passed))
    assert await shop.order("bill") == ["b-bill", "a-bill"]
    assert await shop.order("bill", "telegram:8") == ["a-bill", "b-bill"]
    await shop.add("a-bill", "Shows a bill!")
    assert await shop.order("bill") == ["a-bill", "b-bill"]
