"""The demo's story: tasks, the procedure found in them, the card, and the same task by the approved skill."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.app import App, Outside, opened
from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.demo.chat import DemoChat
from bot.demo.model import DemoModel
from bot.demo.sample import FINAL, WARM_UP, WORKSPACE
from bot.errors import Refused
from bot.settings import Settings, load
from bot.store import journal
from bot.store.journal import Spent
from bot.store.lock import process_lock

INTRODUCTION = (
    "A small program on this machine stands in the model's place, so the demo needs no account and no network. "
    "All else is the real thing: engine, database, tools, miner, gates, card, skill."
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How the story ended: what the same request cost before and after, the answers, and where all of it lies."""

    before: Spent
    after: Spent
    answers: tuple[str, str]
    folder: Path


@asynccontextmanager
async def stage(folder: Path, chat: DemoChat) -> AsyncIterator[App]:
    """The bot on `folder`, with the sample workspace, the demo's model and the demo's chat."""
    settings = _settings(folder)
    if not settings.workspace_folder.exists():
        shutil.copytree(WORKSPACE, settings.workspace_folder)
    settings.skills.mkdir(exist_ok=True)
    clock = SystemClock()
    with process_lock(settings.home):
        async with DemoModel() as server, OpenAIModel(settings.model, clock, base_url=server.base_url) as model:
            outside = Outside({chat.platform: chat}, model, model, clock, lambda _: None)
            async with opened(settings, outside) as app:
                chat.settled = app.settled
                yield app


async def tell(*, yes: bool, console: Console | None = None, folder: Path | None = None) -> Ending:
    """Tell the story in a fresh folder. `yes` presses Approve. Raises Refused when the person did not approve."""
    console = console or Console()
    folder = folder or Path(tempfile.mkdtemp(prefix="apprentice-demo-"))
    chat = DemoChat(console, SystemClock())
    endings: list[Ending] = []
    console.print(f"[dim]{INTRODUCTION}[/]\n")
    async with stage(folder, chat) as app:

        async def story() -> None:
            for request in WARM_UP:
                await chat.say(request)
            before, first = await ask(app, chat)
            await chat.say("/learn")
            await _decide(chat, console, yes=yes)
            after, second = await ask(app, chat)
            await chat.say("/skills")
            endings.append(Ending(before, after, (first, second), folder))

        chat.story = story
        await app.run()
    _sum_up(console, endings[0])
    return endings[0]


async def ask(app: App, chat: DemoChat) -> tuple[Spent, str]:
    """Ask the story's last question in a fresh conversation; what it cost, and the answer."""
    await chat.say("/new")
    key = await chat.say(FINAL)
    return await app.store.read(lambda connection: journal.spent(connection, key)), chat.shown[-1].text


async def _decide(chat: DemoChat, console: Console, *, yes: bool) -> None:
    """Press what the person at the terminal says; details do not decide."""
    while True:
        answer = "a" if yes else await asyncio.to_thread(_pressed, console)
        if answer == "a":
            return await chat.press("Approve")
        if answer == "d":
            await chat.press("Details")
        elif answer == "r":
            await chat.press("Reject")
            raise Refused(
                "Rejected: nothing goes live, and the same procedure is not proposed again. The demo ends here."
            )


def _pressed(console: Console) -> str:
    console.print("    Press [bold]a[/] to approve, [bold]r[/] to reject, [bold]d[/] for details, then Enter: ", end="")
    try:
        return input().strip().lower()[:1]
    except EOFError:
        raise Refused("Nobody is there to decide; `apprentice demo --yes` presses Approve by itself.") from None


def _sum_up(console: Console, ending: Ending) -> None:
    table = Table("the same request", "model calls", "bytes sent to the model", "seconds")
    for name, spent in (("before", ending.before), ("after, by the skill", ending.after)):
        table.add_row(name, str(spent.calls), f"{spent.bytes:,}", f"{spent.seconds:.2f}")
    console.print()
    console.print(table)
    same = "The answer was the same both times." if ending.answers[0] == ending.answers[1] else "The answers differ!"
    console.print(
        f"{same} The script in the model's place answers at once; a real model takes a second or more for each call."
        f"\nAll of it lies in {ending.folder}; the skill in {ending.folder / 'skills'}.",
        soft_wrap=True,
    )


def _settings(folder: Path) -> Settings:
    """The demo's own settings, whatever the environment says."""
    return load(
        tables=None,
        home=folder / "data",
        skills=folder / "skills",
        workspace=folder / "workspace",
        DATABASE_URL=None,
        conversation_idle=timedelta(0),
        learn_after=0,
        learn_every=timedelta(0),
        learn_min_tasks=3,
        learn_tokens=0,
    )
