"""What the storms have in common: a model that says back what it was told, the bot before it, and the law they hold.

The law: of what a person says each word stands in exactly one answer, and all stand in the order in which they were
said. Whether a message that came while the bot worked is answered with the one before it or by itself is left open.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.domain.json import JSON
from bot.ports import ChatAdapter, Clock
from bot.settings import load
from bot.store.store import Probe
from tests.emulators.openai_server import OpenAIServer, Reply, slowly, text

WORD = re.compile(r"\bw\d+x\d+\b")
"""What is said and answered: whose it is, and the how-manieth."""


STORY = "\n\n".join("Once upon a time there was a bot that never lost a word. " * 40 for _ in range(14))
"""Several messages long on either platform."""


def word(person: int, number: int) -> str:
    """What this person says as their message of this number."""
    return f"w{person}x{number}"


def words(answers: Iterable[str]) -> list[str]:
    """The words in what the bot has said, in order."""
    return [found for answer in answers for found in WORD.findall(answer)]


def parrot(request: JSON) -> Reply:
    """All that was said since the model spoke last."""
    said: list[str] = []
    for message in request["messages"]:
        said = [] if message["role"] == "assistant" else said
        if message["role"] == "user":
            said += WORD.findall(message["content"])
    return text(" ".join(said) or "Nothing.")


class Refusals:
    """A database that refuses the next `times` commits of one kind, as it does when its disk is full."""

    def __init__(self, commit: str) -> None:
        self.times = 0
        self._point = f"before:{commit}"

    def probe(self, point: str) -> None:
        """Called before and after each commit, in the writer's thread."""
        if self.times and point == self._point:
            self.times -= 1
            raise sa.exc.OperationalError("COMMIT", {}, OSError("database or disk is full"))


def talker(request: JSON) -> Reply:
    """The parrot, which tells the first person a long story beside."""
    answer = words([json.loads(parrot(request).body)["choices"][0]["message"]["content"]])
    return text(" ".join(answer) + f"\n{STORY}" * any(one.startswith("w0x") for one in answer))


def thinker(request: JSON) -> Reply:
    """The parrot, so slow that its answer is shown while it comes."""
    return slowly(parrot(request), 0.1)


@pytest.fixture
def shown_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn shows at once how far it has come."""
    monkeypatch.setattr("bot.engine.live.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("bot.engine.live.SHOWN_SECONDS", 0.0)


@asynccontextmanager
async def serving(
    path: Path, adapters: Sequence[ChatAdapter], model: OpenAIServer, clock: Clock | None = None, **more: JSON
) -> AsyncIterator[App]:
    """One life of the bot, on this folder. `more`: settings, `probe`, and `announce`, which hears the pairing code."""
    clock = clock or SystemClock()
    probe: Probe = more.pop("probe", lambda _: None)
    announce: Callable[[str], None] = more.pop("announce", lambda _: None)
    (path / "skills").mkdir(parents=True, exist_ok=True)
    given = {"allowed": "*", "learn_after": 0, "learn_every": timedelta(0), "learn_tokens": 0, **more}
    settings = load(home=path / "data", skills=path / "skills", **given)
    platforms: Mapping[str, ChatAdapter] = {adapter.platform: adapter for adapter in adapters}
    async with OpenAIModel("parrot", clock, base_url=model.base_url) as client:
        outside = Outside(platforms, client, client, clock, announce, probe=probe)
        async with opened(settings, outside) as app:
            running = asyncio.create_task(app.run())
            try:
                yield app
            finally:
                running.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await running
