"""Which of a scope's live skills a message is about."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from bot.domain.scope import EVERYWHERE
from bot.domain.skill import Skill, Trigger
from bot.skills.library import FEW, Library, Shelved
from bot.skills.meaning import Meaning
from bot.skills.rank import MOST, Ranked, rank
from bot.store import showings
from bot.store.fulltext import Index, Page
from bot.store.store import Store

FOUND = 50
"""Skills that a search finds at most: the rest is as good as not found."""


class Relevance:
    """Ranks the library's live skills by words, by meaning if asked to, and by how often the model has chosen them."""

    def __init__(self, library: Library, store: Store, meaning: Meaning | None = None) -> None:
        self._library = library
        self._store = store
        self._meaning = meaning
        self._indexed: Sequence[Shelved] = ()
        self._index = Index(())

    async def ranked(self, scope: str, text: str) -> list[Ranked]:
        """All live skills of a scope, those that a text is about first."""
        live = await self._library.live(scope)
        if len(live) < 2:
            return rank(live, {})
        await self._follow()
        by_words = self._index.search(text, scope, FOUND)
        counts = await self._store.read(partial(showings.counts, scope=scope))
        return rank(live, counts, by_words, await self._by_meaning(live, text))

    async def _by_meaning(self, live: Sequence[Shelved], text: str) -> Mapping[str, float]:
        """Nothing where all skills are shown anyway: the call takes longer than all else."""
        if self._meaning is None or len(live) <= MOST:
            return {}
        near = await self._meaning.near(text, {entry.digest: page(entry.skill) for entry in live if entry.skill})
        return dict(sorted(near.items(), key=lambda found: -found[1])[:FOUND])

    async def _follow(self) -> None:
        """Bring the index to what is live, in every scope."""
        live = self._library.last_live(None)
        if live is self._indexed:
            return
        index = await asyncio.to_thread(_index, live) if len(live) > FEW else _index(live)
        self._indexed, self._index = live, index


def _index(live: Sequence[Shelved]) -> Index:
    return Index([page(entry.skill) for entry in live if entry.skill])


def page(skill: Skill) -> Page:
    """What a skill is found by."""
    trigger = skill.procedure.trigger if skill.procedure else Trigger()
    return Page(
        skill.name,
        skill.scope or EVERYWHERE,
        skill.name.replace("-", " "),
        "\n".join(trigger.keywords),
        f"{skill.description}\n{trigger.condition}",
        "\n".join(trigger.examples),
    )
