"""The whole bot on a real database and real folders, moved by hand: chats that keep what they are sent, a small model.

Nothing runs by itself: `settle` runs what is due, and time stands still until it is moved.
"""

import asyncio
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from bot.app import App, Outside
from bot.domain.chat import Button, ButtonClicked, Conversation, Event, MessageReceived, Outgoing, Person
from bot.domain.json import JSON
from bot.domain.skill import Skill, SkillRef
from bot.domain.tool import ToolCall
from bot.errors import SkillInvalid
from bot.ports import ModelReply, ModelRequest
from bot.settings import load
from bot.skills import folder, format
from bot.skills.shipped import SHIPPED
from bot.store import lives, preferences, skills, turns
from bot.store.commits import Commit
from bot.store.store import Connection, Store
from bot.store.tables import buttons as button_table
from bot.store.tables import turns as turn_table
from bot.store.turns import Turn
from tests.engine.made import HandClock, KeptChat

ANA, BOB, EVE = (Person(f"telegram:{id}", name) for id, name in ((7, "Ana"), (8, "Bob"), (9, "Eve")))
UMA, VIC = Person("slack:T1/U1", "Uma"), Person("slack:T1/U2", "Vic")
PEOPLE = (ANA, BOB, EVE, UMA, VIC)
ADMINS = (BOB.id, VIC.id)
NORTH = Conversation("telegram", "-100", direct=False)
EAST = Conversation("slack", "T1/C9", "1700.12", direct=False)
SOUTH = Conversation("telegram", "7")
HOMES = {"north": NORTH, "east": EAST, "south": SOUTH}
"""Chats by the folder that their work is done in: one that stands in another chat has leaked."""
SPEAKERS = {"north": (ANA, BOB), "east": (UMA, VIC), "south": (ANA,)}
ALONE = tuple(Conversation(*person.id.split(":")) for person in (BOB, EVE, VIC))
CUSTOMERS = {"ana-silva": ["1011", "1012"], "ben-okoro": ["1021"], "chen-wei": ["1031", "1032"], "dana-levi": ["1041"]}
KINDS = {"orders": "Which orders of {who} in {place} are open?", "bills": "Add up the bills of {who} in {place}."}
"""Two kinds of work: each reads a record and then what it lists. Their records name the list differently."""
Row = Mapping[str, JSON]


class StillClock(HandClock):
    """Time that passes for nobody who waits: what watches work under way never speaks."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


class Chat(KeptChat):
    """A platform; `log` keeps what was sent, and what edits made of it, with the id of each message."""

    def __init__(self, platform: str, log: list[tuple[Outgoing, str]]) -> None:
        super().__init__(admins=ADMINS)
        self.platform, self.log = platform, log

    def parts(self, message: Outgoing) -> int:
        return 1

    async def send(self, message: Outgoing, part: int) -> str:
        id = await super().send(message, part)
        self.log.append((message, id))
        return id

    async def edit(self, message: Outgoing, message_id: str) -> None:
        await super().edit(message, message_id)
        self.log.append((message, message_id))


@dataclass
class Clerk:
    """The model: it does the work as it is done by hand, or calls the skill that says it is for this kind of work.

    Asked for `tools` it names those that it was offered; told to `call NAME` it does, and says what came back.
    """

    by_hand: bool = True
    asked: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    """What was said, and the skills' tools that were offered for it."""

    async def complete(self, request: ModelRequest, heard: Callable[[str], None] | None = None) -> ModelReply:
        messages = list(request.messages)
        start = max(place for place, message in enumerate(messages) if message["role"] == "user")
        said = str(messages[start]["content"])
        skills = {tool.name: tool for tool in request.tools if tool.name.startswith("skill_")}
        self.asked.append((said, frozenset(skills)))
        found = re.search(r"(orders|bills) of ([a-z-]+) in (\w+)", said)
        made = [call["function"]["name"] for message in messages[start:] for call in message.get("tool_calls") or ()]
        results = [str(message["content"]) for message in messages[start:] if message["role"] == "tool"]
        if wanted := re.match(r"call (\w+) ?([\w-]*)$", said):
            return _reply(results[0]) if results else _reply("", (wanted[1], {"name": wanted[2]} if wanted[2] else {}))
        if said == "tools":
            return _reply(" ".join(tool.name for tool in request.tools))
        by_skill = bool(made) and made[0].startswith("skill_")
        if found is None or (by_skill and not results[0].startswith("Error")):
            return _reply("Done.")
        kind, who, place = found.groups()
        fitting = [tool for tool in skills.values() if len(tool.schema["required"]) == 1 and kind in str(tool)]
        if not made and fitting and not self.by_hand:
            return _reply("", (fitting[0].name, {fitting[0].schema["required"][0]: who}))
        done = results[by_skill:]
        if not done:
            return _reply("", ("read_file", {"path": f"{place}/{kind}/{who}.json"}))
        ids = next((value for value in json.loads(done[0]).values() if isinstance(value, list)), [])
        if len(done) > 1 or not ids:
            return _reply("Done.")
        return _reply("", *(("read_file", {"path": f"{place}/{kind}/single/{id}.json"}) for id in ids))


def _reply(text: str, *calls: tuple[str, dict[str, JSON]]) -> ModelReply:
    made = tuple(ToolCall(f"c{number}", name, json.dumps(given)) for number, (name, given) in enumerate(calls))
    return ModelReply(text, made, 10, 10, True, 10)


def write_records(workspace: Path, place: str, key: str) -> None:
    """What the work of a place reads; the lists in its records stand under a key that has to do with `key`."""
    for kind in KINDS:
        single = workspace / place / kind / "single"
        single.mkdir(parents=True, exist_ok=True)
        for who, ids in CUSTOMERS.items():
            (single.parent / f"{who}.json").write_text(json.dumps({"id": who, f"{kind}_{key}": ids}))
            for id in ids:
                (single / f"{id}.json").write_text(json.dumps({"id": id, "state": f"s{id}"}))


class World:
    """The bot, its chats and its folders below `path`. `reviewers` is APPRENTICE_REVIEWERS."""

    def __init__(self, path: Path, database: Path, reviewers: Sequence[str]) -> None:
        self.path, self.root, self.workspace = path, path / "skills", path / "data" / "workspace"
        self.reviewers = tuple(reviewers)
        self.settings = load(
            home=path / "data",
            skills=self.root,
            allowed="*",
            reviewers=self.reviewers,
            conversation_idle=timedelta(0),
            learn_after=0,
            learn_every=timedelta(0),
            learn_tokens=0,
        )
        self.workspace.mkdir(parents=True)
        self.root.mkdir()
        shutil.copy(database, self.settings.database)
        self.clock, self.clerk = StillClock(), Clerk()
        self.log: list[tuple[Outgoing, str]] = []
        self.chats = {platform: Chat(platform, self.log) for platform in ("telegram", "slack")}
        self.number = 0
        self._open = AsyncExitStack()
        for place in HOMES:
            self.write_records(place, "list")

    def write_records(self, place: str, key: str) -> None:
        """The records of a place; the lists in them stand under a key that has to do with `key`."""
        write_records(self.workspace, place, key)

    async def open(self) -> None:
        """Start the bot; again after `close`."""
        self.store = await self._open.enter_async_context(Store(self.settings.database))
        outside = Outside(self.chats, self.clerk, self.clerk, self.clock, lambda _: None)
        self.app = App(self.settings, outside, self.store)

    async def close(self) -> None:
        await self._open.aclose()

    async def say(self, place: str, person: Person, text: str) -> None:
        self.number += 1
        key = f"said:{self.number}"
        said = MessageReceived(key, HOMES[place], person, text, key, self.clock.now())
        await self.happens(said)

    async def press(self, button: str, message_id: str, person: Person, there: Conversation) -> ButtonClicked:
        """Press a button; the platform brings it twice."""
        self.number += 1
        click = ButtonClicked(f"click:{self.number}", there, person, button, message_id, "t", self.clock.now())
        await self.happens(click, click)
        return click

    async def happens(self, *events: Event) -> None:
        for event in events:
            await self.app._intake.accept(event)
        await self.settle()

    async def settle(self) -> None:
        """Run what is due, and what follows from it."""
        while due := sorted(await self.store.read(lambda c: turns.due_lanes(c, self.clock.now().timestamp()))):
            for lane in due:
                await self.app._lanes.drain(lane)

    async def cut_off(self, event: Event, kinds: Sequence[str]) -> None:
        """The event, and then the end of the process: a turn of these kinds was run, and its end never written."""
        await self.app._intake.accept(event)
        now = self.clock.now().timestamp()
        while due := sorted(await self.store.read(lambda c: turns.due_lanes(c, now))):
            for lane in due:
                waiting = sa.select(turn_table.c.kind).where(turn_table.c.lane == lane, turn_table.c.finished.is_(None))
                kind = await self.store.read(lambda c, w=waiting: c.scalar(w.order_by(turn_table.c.id)))  # type: ignore[misc]  # a lambda's default
                if kind not in kinds:
                    await self.app._lanes.drain(lane)
                    continue
                turn = await self.store.write(Commit.CLAIM, partial(turns.claim, lane=lane, now=now))
                assert isinstance(turn, Turn)
                await self.app._lanes._handlers[kind](turn)
                return

    async def look(self) -> None:
        """The clock has the folders looked at, twice: what is still being written counts for nothing."""
        for _ in range(2):
            self.clock.time += timedelta(seconds=5)
            await self.app.jobs.look()
        await self.settle()

    async def days(self, count: float) -> None:
        """Days pass, each with its look at what waits and at what nobody needs."""
        while count > 0:
            self.clock.time += timedelta(days=min(count, 7))
            count -= 7
            await self.app.jobs.remind()
            await self.look()

    def posted(self) -> list[Outgoing]:
        """All that was ever sent, and what edits made of it."""
        return [message for message, _ in self.log]

    def buttons(self) -> list[tuple[Button, str, Conversation]]:
        """Every button that ever stood in a chat, the id of its message and where it stood."""
        return [
            (button, id, message.conversation) for message, id in self.log for row in message.buttons for button in row
        ]

    async def rows(self, table: sa.Table) -> list[Row]:
        """A table's rows."""
        order = list(table.primary_key.columns)
        found = await self.store.read(lambda connection: connection.execute(sa.select(table).order_by(*order)).all())
        return [dict(row._mapping) for row in found]

    async def live(self, scope: str | None) -> dict[str, Skill]:
        """What must be live in a scope, by the folders' bytes and the database's rows alone."""

        def decided(connection: Connection) -> tuple[set[SkillRef], set[SkillRef], set[str]]:
            never = preferences.forbidden(connection).get(scope or "", set())
            return set(skills.approvals(connection)), set(lives.down(connection)), never

        approved, down, never = await self.store.read(decided)
        found = {}
        for place in (path for path in self.root.iterdir() if not path.name.startswith(".")):
            try:
                files = folder.read(place)
                skill = format.parse(place.name, files)
            except SkillInvalid:
                continue
            ref = SkillRef(place.name, folder.digest(files))
            seen = scope is None or (skill.scope in (None, scope) and place.name not in never)
            if seen and ref in approved | SHIPPED and ref not in down:
                found[place.name] = skill
        return found

    async def meaning(self, button: str) -> tuple[str, str, str]:
        """Kind, subject and action of a button."""
        of = sa.select(button_table.c.kind, button_table.c.subject, button_table.c.action)
        row = await self.store.read(lambda connection: connection.execute(of.where(button_table.c.id == button)).one())
        return row.kind, row.subject, row.action


def may_decide(world: World, home: Conversation, person: str) -> bool:
    """Who decides on what belongs to a chat, as people are told: its own person, the reviewers, else its admins."""
    if home.direct:
        return person == f"{home.platform}:{home.chat}"
    return person in (world.reviewers or ADMINS)
