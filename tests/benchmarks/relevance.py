"""The right skill among many for what people say, through real folders, a real database and the engine's toolbox.

`phrases` makes the skills, in families that differ in one word, and three requests for each: in the skill's own words
in another sentence, and with one or two of its three telling words replaced by words that stand in no skill. Words
alone cannot find the last kind among many: what they reach there is told without a target, and so is 10,000 skills,
where one replaced word leaves more than five that fit equally. What an embedding model adds depends on the model; an
emulated one would know the synonyms because it was told them, so nothing is claimed for it.
"""

import random
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median, quantiles
from time import perf_counter
from typing import get_args

from bot.apprentice_toml import Tables
from bot.clients.clock import SystemClock
from bot.domain.chat import Conversation, Person
from bot.domain.json import JSON
from bot.domain.skill import SkillRef
from bot.domain.tool import Tool, ToolResult
from bot.engine.toolbox import Toolbox
from bot.ports import ToolContext
from bot.skills import folder, format
from bot.skills.library import Library
from bot.skills.relevance import FOUND, Relevance, page
from bot.store import schema, skills
from bot.store.commits import Commit
from bot.store.fulltext import Index, Page
from bot.store.skills import Approval
from bot.store.store import Connection, Store
from tests.benchmarks.figure import Figure, show
from tests.benchmarks.phrases import Kind, Meant, meant, said, skill

HERE = ToolContext(Conversation("telegram", "7"), Person("telegram:7", "Ana"))
KINDS: Mapping[Kind, str] = {
    "same words": "its own words",
    "one replaced": "one word of three replaced",
    "two replaced": "two words of three replaced",
}
TARGET = 1_000
"""Skills for which there is a target."""
Asked = Mapping[Kind, Sequence[tuple[str, str]]]
"""By kind: the skill that is meant, and the request."""


class Things:
    """The tool that the skills are made of."""

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """One that reads."""
        return [Tool("find_things", "Finds things", {"type": "object"}, reads=True)]

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Nothing is called here."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Found:
    """Per request: the place of the right skill among those shown, from 0, or None."""

    places: Mapping[Kind, Sequence[int | None]]
    milliseconds: Sequence[float]

    def share(self, first: int, *kinds: Kind) -> float:
        """Percent of the requests of these kinds whose skill is among the first so many."""
        return 100 * mean(
            place is not None and place < first for kind in kinds or get_args(Kind) for place in self.places[kind]
        )


async def figures(sizes: Sequence[int] = (10, 100, TARGET, 10_000), asked: int = 200) -> Sequence[Figure]:
    """For each number of skills: how often the right one is found, and how long it takes."""
    made: list[Figure] = []
    for size in sizes:
        every = meant(size)
        requests = _requests(every, asked)
        with tempfile.TemporaryDirectory() as path:
            async with _toolbox(Path(path), every) as toolbox:
                found = await _offered(toolbox, requests)
        made += _told(size, found)
        made += _parts(size, every, requests)
    return made


def _requests(every: Sequence[Meant], asked: int) -> Asked:
    chosen = random.Random(1).sample(range(len(every)), min(asked, len(every)))
    told = [(kind, every[number].name, text) for number in chosen for kind, text in said(every[number], number)]
    return {kind: [(name, text) for of, name, text in told if of == kind] for kind in get_args(Kind)}


@asynccontextmanager
async def _toolbox(path: Path, every: Sequence[Meant]) -> AsyncIterator[Toolbox]:
    """The engine's toolbox over a folder and an approval for each skill."""
    approvals = [_written(path / "skills", one) for one in every]
    schema.upgrade(path / "bot.db")
    async with Store(path / "bot.db") as store:

        def approve(connection: Connection) -> None:
            for approval in approvals:
                skills.approve(connection, approval)

        await store.write(Commit.APPROVE, approve)
        library = Library(path / "skills", store, SystemClock())
        yield Toolbox([Things()], Relevance(library, store), Tables().skills.tokens)


def _written(root: Path, one: Meant) -> Approval:
    files = format.render(skill(one, HERE.conversation.scope))
    (root / one.name).mkdir(parents=True)
    for name, content in files.items():
        (root / one.name / name).write_bytes(content)  # `folder.write` waits for the disk, file by file
    return Approval(SkillRef(one.name, folder.digest(files)), HERE.conversation.scope, files, "Mia", 1.0)


async def _offered(toolbox: Toolbox, requests: Asked) -> Found:
    await toolbox.offer(HERE, "warm up")
    took: list[float] = []

    async def place(name: str, text: str) -> int | None:
        began = perf_counter()
        offer = await toolbox.offer(HERE, text)
        took.append(1000 * (perf_counter() - began))
        shown = [each.entry.name for each in offer.seen]
        return shown.index(name) if name in shown else None

    places = {kind: [await place(name, text) for name, text in wanted] for kind, wanted in requests.items()}
    return Found(places, took)


def _told(size: int, found: Found) -> Sequence[Figure]:
    tail = quantiles(found.milliseconds, n=20)[-1]
    aim = size == TARGET
    return (
        Figure(
            f"{size:,} skills, the right one among the first 5 for its own words or one of three replaced",
            found.share(5, "same words", "one replaced"),
            "%",
            "; ".join(
                f"{words}: {found.share(5, kind):.0f} %, first {found.share(1, kind):.0f} %"
                for kind, words in KINDS.items()
            ),
            least=95 if aim else None,
        ),
        Figure(
            f"{size:,} skills, what a turn is offered, median",
            median(found.milliseconds),
            "ms",
            f"95th percentile {tail:.2f} ms",
            most=5 if aim else None,
        ),
    )


def _parts(size: int, every: Sequence[Meant], requests: Asked) -> Sequence[Figure]:
    """What parts of a skill's text reach by themselves."""
    pages = [page(skill(one, None)) for one in every]
    parts: Mapping[str, Sequence[Page]] = {
        "keywords": [Page(one.name, "", "", one.keywords, "", "") for one in pages],
        "all but keywords": [replace(one, keywords="") for one in pages],
    }
    return [
        Figure(
            f"{size:,} skills, the same by {part} alone",
            _searched(Index(kept), requests).share(5, "same words", "one replaced"),
            "%",
            "no library, no toolbox",
        )
        for part, kept in parts.items()
    ]


def _searched(index: Index, requests: Asked) -> Found:
    def place(name: str, text: str) -> int | None:
        names = [*index.search(text, "", FOUND)]
        return names.index(name) if name in names else None

    return Found({kind: [place(*one) for one in wanted] for kind, wanted in requests.items()}, ())


def main() -> None:
    """Print the figures."""
    show(figures())


if __name__ == "__main__":
    main()
