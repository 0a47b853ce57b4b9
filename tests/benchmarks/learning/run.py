"""Runs the workplaces: each with a bot of its own on a fresh folder."""

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.app import Outside, opened
from bot.clients.model import OpenAIModel
from bot.settings import Settings, load
from tests.benchmarks.learning.agent import Agent
from tests.benchmarks.learning.lived import Lived
from tests.benchmarks.learning.miner import LEARN_AFTER, Miner
from tests.benchmarks.learning.office import POLICIES, Office
from tests.benchmarks.learning.room import OfficeClock
from tests.benchmarks.learning.workplace import Workplace
from tests.benchmarks.learning.workplaces import WORKPLACES
from tests.emulators.openai_server import OpenAIServer


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says (`__main__.py`). `base_url` empty: the scripted model; `miner` empty: the bot's own.

    Without `learns` nothing is ever mined: the same tasks, to compare with.
    """

    tasks: int
    seed: int
    workplaces: tuple[str, ...]
    approve: str
    base_url: str
    model: str
    api_key: str
    learn_tokens: int
    miner: str
    learns: bool = True


async def live(options: Options) -> list[Lived]:
    """Every workplace, one after the other."""
    return [await _live(options, WORKPLACES[name]()) for name in options.workplaces]


async def _live(options: Options, workplace: Workplace) -> Lived:
    clock = OfficeClock()
    lived: list[Lived] = []
    with tempfile.TemporaryDirectory() as folder:
        verdict = Path(folder) / "verdict"
        miner = Miner(options.miner) if options.learns and options.miner else None
        office = Office(workplace, verdict, clock, POLICIES[options.approve], miner)

        async def story() -> None:
            lived.append(await office.live(options.tasks, options.seed))

        settings = _settings(Path(folder), workplace, verdict, options)
        async with _model(options, workplace, clock) as model:
            outside = Outside({office.room.platform: office.room}, model, model, clock, lambda _: None, (workplace,))
            async with opened(settings, outside) as app:
                office.app, office.room.settled, office.room.story = app, app.settled, story
                await app.run()
    return lived[0]


def _settings(folder: Path, workplace: Workplace, verdict: Path, options: Options) -> Settings:
    """The bot's settings, whatever the environment says; the workplace's verifier is one of its checks."""
    (folder / "skills").mkdir()
    tools, command = json.dumps(list(workplace.natives)), json.dumps(["grep", "-qx", "right", str(verdict)])
    tables = folder / "apprentice.toml"
    tables.write_text(f'[[verifiers]]\nname = "state"\ntools = {tools}\ncommand = {command}\n')
    return load(
        tables=tables,
        home=folder / "data",
        skills=folder / "skills",
        workspace=None,
        DATABASE_URL=None,
        allowed=("*",),
        reviewers=(),
        conversation_idle=timedelta(days=365),
        learn_after=LEARN_AFTER if options.learns and not options.miner else 0,
        learn_every=timedelta(0),
        learn_min_tasks=3,
        learn_tokens=options.learn_tokens,
    )


@asynccontextmanager
async def _model(options: Options, workplace: Workplace, clock: OfficeClock) -> AsyncIterator[OpenAIModel]:
    """The model of the options, behind its server."""
    if options.base_url:
        async with OpenAIModel(options.model, clock, api_key=options.api_key, base_url=options.base_url) as model:
            yield model
    else:
        async with (
            OpenAIServer(Agent(workplace, options.seed)) as server,
            OpenAIModel(options.model, clock, base_url=server.base_url) as model,
        ):
            yield model
