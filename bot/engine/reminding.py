"""What people wanted done or said later: when its time has come it is a turn, once, whatever clocks and crashes do.

A row says when it is due; a tick makes it a turn whose key names that time, and gives the row the next one. After a
stop, what comes once is told late; of what repeats, only the last time that was missed is made up for, within GRACE.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from bot.clients.cron import Cron
from bot.domain.chat import Conversation, Outgoing, Person
from bot.domain.json import JSON
from bot.domain.text import plain, shorten
from bot.domain.times import in_words, span
from bot.engine.lanes import Handler
from bot.errors import ToolError
from bot.ports import ChatAdapter, Clock
from bot.store import buttons, conversations, journal, reminders, turns
from bot.store.commits import Commit
from bot.store.deliveries import deliver
from bot.store.journal import Entry
from bot.store.reminders import Reminder
from bot.store.store import Connection, Effect, Store
from bot.store.turns import NewTurn, Turn
from bot.tools.clock import zone_named
from bot.tools.reminders import CANCEL, KIND, SHOWN
from bot.words import Sentence

log = structlog.get_logger()
GRACE = timedelta(days=1)
"""How late work is still done, and what repeats still told."""
LATE = timedelta(minutes=5)
"""What comes later than this says so."""
MOST_FAILURES = 3
"""Runs in a row that may fail."""
GO_ON = (Sentence("Go on"), "go-on")
Planned = tuple[Reminder, float | None, float | None]
"""What is due, the time that it is made a turn of (None: none, it is too late), and its next time."""


class Reminding:
    """Makes turns of what is due, and runs them. `open_to`: who may talk to the bot where."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adapters: Mapping[str, ChatAdapter],
        open_to: Callable[[Conversation, Person], Awaitable[bool]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._open_to = open_to

    async def submit(self) -> None:
        """Make turns of what is due: the time in the key elects one."""
        now = self._clock.now()
        found = await self._store.read(partial(reminders.due, now=now.timestamp()))
        if not found:
            return
        planned = await asyncio.to_thread(lambda: [(each, *times(each, now)) for each in found])
        await self._store.write(Commit.RING, partial(submitted, planned, now.timestamp()))

    async def mend(self) -> None:
        """Give what repeats its next time anew where that lies too far ahead: the clock was put back since."""
        now = self._clock.now()
        found = await self._store.read(reminders.repeating)
        planned = await asyncio.to_thread(lambda: [(each, _following(each, now)) for each in found])
        early = [(each, due) for each, due in planned if due and each.due and due < each.due]
        if early:
            await self._store.write(Commit.MEND, partial(_mend, early))

    async def say(self, turn: Turn) -> Effect:
        """Say what a person wanted to be reminded of, without a model."""
        found = await self._standing(turn)
        if not isinstance(found, Reminder):
            return found
        home = await self._store.read(partial(conversations.find, key=found.conversation))
        late = self._late(turn)
        text = "\n\n".join([found.what, *(note.told(home.language) for note in _lateness(late))])

        def effect(connection: Connection) -> None:
            now = self._clock.now().timestamp()
            _keep(connection, turn, text, now)
            mention = None if home.direct else found.person
            deliver(connection, Outgoing(home, text, mention=mention), f"reply:{turn.id}", now)
            if not found.every:
                reminders.end(connection, found.id)

        return effect

    async def begin(self, turn: Turn) -> Effect:
        """Have work done in its conversation, if it still stands and is not too late."""
        found = await self._standing(turn)
        if not isinstance(found, Reminder):
            return found
        late, now = self._late(turn), self._clock.now().timestamp()
        if not found.every and late > GRACE.total_seconds():
            slot = datetime.fromtimestamp(turn.payload["slot"], UTC)
            time, what = in_words(slot, zone_named(found.zone)), _what(found)
            missed = Sentence("I was away on {time}, so this was not done: {what}", time=time, what=what)
            return partial(rest, found, missed, now)
        key, payload = found.conversation, {**turn.payload, "late": late}
        work = NewTurn(f"{turn.key}:work", f"chat:{key}", "scheduled", payload, key)

        def effect(connection: Connection) -> None:
            turns.enqueue(connection, work, now)

        return effect

    def counted(self, work: Handler) -> Handler:
        """The handler of work that was scheduled, which counts that it went well."""

        async def working(turn: Turn) -> Effect:
            found = await self._store.read(partial(reminders.find, id=turn.payload["reminder"]))
            if found is None or found.state == "over":
                return lambda _: None
            done = await work(turn)

            def effect(connection: Connection) -> None:
                done(connection)
                reminders.succeeded(connection, found.id)
                if not found.every:
                    reminders.end(connection, found.id)

            return effect

        return working

    def _late(self, turn: Turn) -> float:
        """Seconds since the time that a turn was made of."""
        return self._clock.now().timestamp() - float(turn.payload["slot"])

    async def _standing(self, turn: Turn) -> Reminder | Effect:
        """What a turn is of, if it stands and its person is there and may talk to the bot; else how the turn ends.

        Raises DeliverLater while the platform cannot tell whether they are there.
        """
        found = await self._store.read(partial(reminders.find, id=turn.payload["reminder"]))
        if found is None or found.state != "live":
            return lambda _: None
        home = await self._store.read(partial(conversations.find, key=found.conversation))
        adapter, who = self._adapters.get(home.platform), found.person
        name, what = plain(who.name or who.id), _what(found)
        if not await self._open_to(home, who):
            why = Sentence("{name} may not talk to me here any more, so this rests: {what}", name=name, what=what)
        elif adapter is not None and not await adapter.is_here(home, who):
            why = Sentence("{name} is not in this chat any more, so this rests: {what}", name=name, what=what)
        else:
            return found
        return partial(rest, found, why, self._clock.now().timestamp())


def times(reminder: Reminder, now: datetime) -> tuple[float | None, float | None]:
    """The time of a reminder that is due which is made a turn of, and its next time, in seconds since 1970."""
    if not reminder.every or reminder.due is None:
        return reminder.due, None
    try:
        cron = Cron(reminder.every, zone_named(reminder.zone))
    except ToolError as error:  # it was checked when it was made, by other tables of time zones
        log.error("reminder.unreadable", reminder=reminder.id, reason=str(error))
        return None, None
    due = datetime.fromtimestamp(reminder.due, UTC)
    following = due if due >= now - GRACE else cron.after(now - GRACE)
    missed = None
    while following is not None and following <= now:
        missed, following = following, cron.after(following)
    return missed.timestamp() if missed else None, following.timestamp() if following else None


def framed(turn: Turn, text: str, language: str, skills: Callable[[str], object]) -> str:
    """The answer of a turn; that of one that was scheduled says so. `skills` finds a live one by its tool's name."""
    if turn.kind != "scheduled":
        return text
    given = turn.payload
    what = plain(shorten(given["text"], SHOWN))
    notes = [Sentence("_Scheduled (number {number}): {what}_", number=given["reminder"], what=what)]
    notes += _lateness(given["late"])
    if given["tool"] and skills(given["tool"]) is None:
        notes.append(Sentence("_The skill {name} is not here any more, so I did without._", name=given["skill"]))
    return "\n".join([*(note.told(language) for note in notes), "", text])


def rest(reminder: Reminder, why: Sentence, now: float, connection: Connection) -> None:
    """Say once that nothing comes of it, until somebody says Go on."""
    if not reminders.rest(connection, reminder.id):
        return
    home = conversations.find(connection, reminder.conversation)
    rows = (buttons.row(connection, KIND, str(reminder.id), (GO_ON, CANCEL), home.language),)
    deliver(connection, Outgoing(home, why.told(home.language), rows), f"rests:{reminder.id}:{now}", now)


def ended_badly(connection: Connection, turn: Turn, now: float, *, failed: bool) -> None:
    """What a run comes to that failed, or that a person stopped: what repeats rests after some that failed in a row."""
    found = reminders.find(connection, turn.payload["reminder"]) if "reminder" in turn.payload else None
    if found is None:
        return
    if not found.every:
        reminders.end(connection, found.id)
    elif failed and (count := reminders.failed(connection, found.id)) >= MOST_FAILURES:
        why = Sentence("This failed {count} times in a row, so it rests: {what}", count=count, what=_what(found))
        rest(found, why, now, connection)


def _following(reminder: Reminder, now: datetime) -> float | None:
    """The first time of what repeats behind now."""
    try:
        found = Cron(reminder.every, zone_named(reminder.zone)).after(now)
    except ToolError:
        return None
    return found.timestamp() if found else None


def _mend(early: Sequence[tuple[Reminder, float]], connection: Connection) -> None:
    for reminder, due in early:
        reminders.advance(connection, reminder, due)


def submitted(planned: Sequence[Planned], now: float, connection: Connection) -> None:
    """Make turns of what is due, unless it has its next time already."""
    for reminder, slot, following in planned:
        if not reminders.advance(connection, reminder, following):
            continue
        if slot is None:
            log.info("reminder.missed", reminder=reminder.id)
        else:
            turns.enqueue(connection, _turn(reminder, slot), now)


def _turn(reminder: Reminder, slot: float) -> NewTurn:
    key, person = f"reminder:{reminder.id}:{slot:.0f}", reminder.person
    payload: JSON = {
        "reminder": reminder.id,
        "slot": slot,
        "text": reminder.what,
        "person": {"id": person.id, "name": person.name},
        "skill": reminder.skill,
        "tool": f"skill_{reminder.skill.replace('-', '_')}" if reminder.skill else "",
        "arguments": reminder.parameters,
    }
    kind = "due" if reminder.work else "reminder"
    return NewTurn(key, f"reminder:{reminder.id}", kind, payload, reminder.conversation)


def _keep(connection: Connection, turn: Turn, text: str, now: float) -> None:
    """What was said is in the turn's journal as if a model had: people answer it, and the model finds it there."""
    said = Entry("model:0", "", None, once=False)
    journal.start(connection, turn.id, said, now)
    journal.end(connection, turn.id, journal.ended(said, {"text": text, "calls": []}), now)


def _lateness(late: float) -> list[Sentence]:
    on_time = late <= LATE.total_seconds()
    return [] if on_time else [Sentence("_Late by {time}: I was away._", time=span(late))]


def _what(reminder: Reminder) -> str:
    return plain(shorten(reminder.what, SHOWN))
