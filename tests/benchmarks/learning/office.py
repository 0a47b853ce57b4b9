"""A workplace with the real bot in it: people ask, a verifier looks, a reviewer decides on what is proposed."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random

import sqlalchemy as sa

from bot.app import App
from bot.domain.chat import Button, Outgoing
from bot.domain.json import JSON
from bot.skills import format
from bot.store import buttons, journal, lives, proposals, skills, tables
from bot.store.store import Connection
from tests.benchmarks.learning.lived import Cycle, Done, Lived, Proposed, Used
from tests.benchmarks.learning.miner import LEARN_AFTER, Found, Miner, publish
from tests.benchmarks.learning.room import REVIEWER, OfficeClock, Room, button, person, thread
from tests.benchmarks.learning.truth import judged
from tests.benchmarks.learning.workplace import Task, Workplace

Policy = Callable[[Mapping[str, JSON]], bool]
"""Whether the reviewer approves, by the evidence behind a card."""


def careful(evidence: Mapping[str, JSON]) -> bool:
    """What convinces a careful reader: it only reads; or several people needed it, each time with confirmed success."""
    proven = evidence["people"] >= 2 and evidence["verified"] == evidence["tasks"]
    return not evidence["writes"] or bool(proven)


POLICIES: Mapping[str, Policy] = {"careful": careful, "blind": lambda _: True, "never": lambda _: False}


class Office:
    """Tells the story of one workplace, and keeps what came of it.

    `verdict` is the file in which the workplace's verifier says what it sees: a check of the bot's reads it. `miner`
    learns in the place of the bot's own.
    """

    def __init__(
        self, workplace: Workplace, verdict: Path, clock: OfficeClock, policy: Policy, miner: Miner | None = None
    ) -> None:
        self.room = Room(clock)
        self._clock = clock
        self._workplace = workplace
        self._verdict = verdict
        self._policy = policy
        self._miner = miner
        self.app: App
        self._done: list[Done] = []
        self._proposed: list[Proposed] = []
        self._suspended: dict[str, int] = {}

    async def live(self, count: int, seed: int) -> Lived:
        """So many tasks, with the drift in the middle."""
        random = Random(f"{self._workplace.name}:{seed}")
        drift = count // 2
        tasks_ = self._workplace.tasks(random)
        for number in range(count):
            self._workplace.drifted = number >= drift
            await self._task(next(tasks_))
            if self._miner and (number + 1) % LEARN_AFTER == 0:
                await self._learn(self._miner)
        cycles = self._miner.cycles if self._miner else await self.app.store.read(_cycles)
        return Lived(self._workplace.name, drift, self._done, self._proposed, cycles, self._suspended)

    async def _task(self, task: Task) -> None:
        self._clock.begin(task.number)
        where, who = thread(task.number), person(task.person)
        posted = await self.room.say(where, who, task.text)
        while asked := button(posted, "Run once"):
            posted = await self.room.press(*asked, who, answers=1)
        answer = posted[-1].text if posted else ""
        wrong = task.kind.wrong(task.said, answer)
        seen = task.kind.seen(task.said, answer) if task.kind.seen else wrong
        self._verdict.write_text("wrong\n" if seen else "right\n")
        ended = await self.room.say(where, who, "/done")
        calls, size, seconds, uses = await self.app.store.read(lambda connection: _spent(connection, where.key))
        self._done.append(Done(task.number, task.kind.name, wrong, seen, calls, size, seconds, uses))
        for ref in await self.app.store.read(lives.down):
            self._suspended.setdefault(ref.name, task.number)
        for shows, digest in await self.app.store.read(partial(_shown_by, messages=ended)):
            ended = [*ended, *await self.room.press(shows, digest, REVIEWER, answers=1)]
        while card := button(ended, "Approve"):
            ended = [message for message in ended if message is not card[1]]
            await self._decide(card[1])

    async def _decide(self, card: Outgoing) -> None:
        """The reviewer reads the card and presses a button."""
        found = await self.app.store.read(lambda connection: _proposal(connection, card))
        approves = self._judge(Found(format.parse(found.ref.name, found.files), found.files, found.evidence))
        if pressed := button([card], "Approve" if approves else "Reject"):
            await self.room.press(*pressed, REVIEWER)

    async def _learn(self, miner: Miner) -> None:
        """What another miner finds is decided on by the same evidence, and goes live as a card's skill would."""
        for found in await miner.found(self.app, self._workplace):
            if self._judge(found):
                await publish(self.app, found, self._clock.now().timestamp())

    def _judge(self, found: Found) -> bool:
        """Record a proposal; whether the reviewer approves it."""
        approves = self._policy(found.evidence)
        verdict = judged(self._workplace, found.skill, found.files)
        self._proposed.append(Proposed(len(self._done), found.skill, verdict, approves))
        return approves


def _shown_by(connection: Connection, messages: Sequence[Outgoing]) -> list[tuple[Button, Outgoing]]:
    """The buttons that show cards, where several proposals came in one message."""
    there = ((each, message) for message in messages for row in message.buttons for each in row)
    meant = ((buttons.meaning(connection, each.id), each, message) for each, message in there)
    return [(each, message) for meaning, each, message in meant if meaning and meaning.action == "show"]


def _proposal(connection: Connection, card: Outgoing) -> proposals.Proposal:
    pressed = button([card], "Approve")
    meaning = pressed and buttons.meaning(connection, pressed[0].id)
    found = meaning and proposals.find(connection, meaning.subject)
    if not found:
        raise LookupError(f"no proposal belongs to the card {card.text!r}")
    return found


def _spent(connection: Connection, conversation: str) -> tuple[int, int, float, Sequence[Used]]:
    """Model calls, bytes sent, seconds and uses of skills in a conversation's turns."""
    speaking = sa.select(tables.turns).where(
        tables.turns.c.conversation == conversation, tables.turns.c.kind.in_(["message", "resume"])
    )
    rows = connection.execute(speaking).all()
    ids = [row.id for row in rows]
    asked = [entry for entries in journal.entries(connection, ids).values() for entry in entries if entry.bytes]
    uses = [Used(use.ref.name, use.status == "failed") for use in skills.uses_in(connection, ids)]
    seconds = sum(row.finished - row.created for row in rows)
    return len(asked), sum(entry.bytes for entry in asked), seconds, uses


def _cycles(connection: Connection) -> Sequence[Cycle]:
    """What each cycle cost: the tokens that it reports, the seconds of its turn."""
    spent = connection.scalars(sa.select(tables.cycles.c.tokens).order_by(tables.cycles.c.id))
    mine = sa.select(tables.turns).where(tables.turns.c.kind == "mine").order_by(tables.turns.c.id)
    rows = connection.execute(mine).all()
    return [Cycle(tokens, row.finished - row.created) for tokens, row in zip(spent, rows, strict=False)]
