"""`schedule`, `list_schedules`, `cancel_schedule`: what people want done or said later."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from pydantic import Field

from bot.clients.cron import Cron, clock_change, moment
from bot.domain.chat import Outgoing
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.text import clean, plain, seen, shorten
from bot.domain.times import in_words
from bot.domain.tool import Tool, ToolResult
from bot.errors import Refused, ToolError
from bot.ports import Clock, ToolContext
from bot.skills.library import Library
from bot.skills.parameters import accepted
from bot.store import buttons, reminders
from bot.store.commits import Commit
from bot.store.deliveries import deliver
from bot.store.reminders import Reminder
from bot.store.store import Connection, Store
from bot.tools.arguments import Arguments, schema_of, validated
from bot.tools.clock import zone_named
from bot.words import Sentence, say

MOST = 20
"""What may be to come in one chat."""
LONGEST = 2_000
"""Characters of what is wanted."""
SHOWN = 200
"""Of them on a card."""
FARTHEST = timedelta(days=5 * 366)
"""How far ahead something may lie that comes once."""
KIND = "reminder"
"""Of the buttons that decide on one; their subject is its number."""
CANCEL = (Sentence("Cancel"), "cancel")


class _Schedule(Arguments):
    what: str = Field(description="What to say or do then, complete: nothing of this talk is known then")
    when: str = Field("", description="For once: local date and time, 2026-11-24T08:00")
    in_minutes: int = Field(0, ge=0, description="Or for once: so many minutes from now")
    every: str = Field("", description="To repeat: cron with five fields, 0 9 * * 1-5 for weekdays at 9")
    zone: str = Field("", description="Only if the person names one: like Europe/Rome")
    work: bool = Field(False, description="true: you do it then, with tools; false: it is only said")
    skill: str = Field("", description="The skill to begin that work with, if the person names one")
    parameters: dict[str, JSON] = Field({}, description="The skill's")


class _Nothing(Arguments):
    pass


class _Number(Arguments):
    number: int


_TOOLS = (
    Tool("schedule", "Remind people, or do work, later: once or again and again", schema_of(_Schedule)),
    Tool("list_schedules", "What is scheduled in this chat", schema_of(_Nothing), reads=True),
    Tool("cancel_schedule", "Cancel what a person scheduled, because they want that", schema_of(_Number)),
)


class ReminderTools:
    """What is to come in the conversation's chat.

    `privacy` tells the secrets that are not kept, `house` is the time zone of those who never named one.
    """

    def __init__(self, store: Store, clock: Clock, library: Library, privacy: Privacy, house: tzinfo) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self._privacy = privacy
        self._house = house

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """All, for everybody."""
        return _TOOLS

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Keep, list or cancel. Raises ToolError."""
        if name == "schedule":
            return await self._schedule(validated(_Schedule, arguments), context)
        if name == "cancel_schedule":
            return await self._cancel(validated(_Number, arguments).number, context)
        validated(_Nothing, arguments)
        found = await self._store.read(lambda connection: reminders.of_chat(connection, context.conversation.scope))
        return ToolResult({"schedules": [_as_json(each) for each in found]})

    async def _schedule(self, given: _Schedule, context: ToolContext) -> ToolResult:
        here, now = context.conversation, self._clock.now()
        new, notes = await self._reminder(given, context, now)

        def work(connection: Connection) -> Reminder:
            known = reminders.of_chat(connection, here.scope)
            _check_room(known, new)
            kept = reminders.add(connection, new, now.timestamp())
            text = "\n".join([told(kept, here.language), *(note.told(here.language) for note in notes)])
            rows = (buttons.row(connection, KIND, str(kept.id), (CANCEL,), here.language),)
            deliver(connection, Outgoing(here, text, rows), f"scheduled:{kept.id}", now.timestamp())
            return kept

        kept = await self._store.write(Commit.SCHEDULE, work)
        shown = "The person was shown this, with its time and a Cancel button: answer in a few words."
        at = str(in_words(now, zone_named(kept.zone)))
        return ToolResult({**_as_json(kept), "now": at, "note": " ".join([*notes, shown])})

    async def _reminder(
        self, given: _Schedule, context: ToolContext, now: datetime
    ) -> tuple[Reminder, Sequence[Sentence]]:
        """What is to be kept, and what the person has to know of its time. Raises ToolError."""
        here, what = context.conversation, seen(clean(given.what)).strip()
        if not 0 < len(what) <= LONGEST:
            raise ToolError(f"Say in `what`, in at most {LONGEST} characters, what it is.")
        if self._privacy.masked(what) != what or self._privacy.masked_in(given.parameters) != given.parameters:
            raise ToolError("This holds a secret, such as a password or a key. Secrets are not kept for later.")
        zone = await self._zone(given.zone, context)
        wall, due = _due(given, zone, now)
        skill, parameters = await self._skill(given, here.scope)
        every, work = given.every.strip(), given.work or skill != ""
        new = Reminder(
            here.key, here.scope, context.person, what, str(zone), every, work, skill, parameters, due.timestamp()
        )
        return new, _clock_notes(wall, zone)

    async def _zone(self, named: str, context: ToolContext) -> tzinfo:
        """What the person named, else what the platform tells, else what was named here before, else the house's."""
        scope, person = context.conversation.scope, context.person
        if named.strip():
            return zone_named(named.strip())
        if person.zone:
            return zone_named(person.zone)
        before = await self._store.read(lambda connection: reminders.zone(connection, scope, person.id))
        return zone_named(before) if before else self._house

    async def _skill(self, given: _Schedule, scope: str) -> tuple[str, dict[str, JSON]]:
        """The skill's own name, and parameters that fit it."""
        if not given.skill:
            return "", {}
        try:
            entry = await self._library.find(given.skill.removeprefix("skill_"), scope)
        except Refused as error:
            raise ToolError(str(error)) from None
        if entry.state != "live" or entry.skill is None or entry.skill.procedure is None:
            raise ToolError(f"The skill {entry.name} cannot be run now: it is not live, or has no procedure.")
        if wrong := accepted(entry.skill.procedure, given.parameters)[1]:
            raise ToolError(" ".join(wrong))
        return entry.name, given.parameters

    async def _cancel(self, number: int, context: ToolContext) -> ToolResult:
        def work(connection: Connection) -> None:
            coming = reminders.of_chat(connection, context.conversation.scope)
            found = next((each for each in coming if each.id == number), None)
            if found is None:
                raise ToolError(f"Nothing is scheduled here as number {number}; list_schedules tells what is.")
            if found.person != context.person:
                raise ToolError("Only who made it can cancel it, or a reviewer by its button: /reminders shows it.")
            reminders.end(connection, number)

        await self._store.write(Commit.UNSCHEDULE, work)
        return ToolResult(f"Number {number} is cancelled.")


def told(reminder: Reminder, language: str) -> str:
    """What is to come, and when, as a person reads it."""
    values = {"number": reminder.id, "what": plain(shorten(reminder.what, SHOWN))}
    if reminder.state == "resting" or reminder.due is None:
        line = say(language, "**{number}.** {what}: it rests.", **values)
    else:
        line = _coming(reminder, values, reminder.due).told(language)
    if reminder.skill:
        line += " " + say(language, "It begins with the skill **{name}**.", name=reminder.skill)
    return line


def _coming(reminder: Reminder, values: dict[str, object], due: float) -> Sentence:
    zone = zone_named(reminder.zone)
    at = datetime.fromtimestamp(due, zone)
    times: dict[str, object] = {**values, "time": in_words(at, zone)}
    if not reminder.every:
        if reminder.work:
            return Sentence("**{number}.** {what}: I do it on {time}.", **times)
        return Sentence("**{number}.** {what}: I say it on {time}.", **times)
    times["then"] = in_words(Cron(reminder.every, zone).after(at) or at, zone)
    times["every"] = reminder.every
    if reminder.work:
        return Sentence("**{number}.** {what}: I do it next on {time}, then on {then} (`{every}`).", **times)
    return Sentence("**{number}.** {what}: I say it next on {time}, then on {then} (`{every}`).", **times)


def _due(given: _Schedule, zone: tzinfo, now: datetime) -> tuple[datetime | None, datetime]:
    """When it is due first: on the clock on the wall, if the person named that time, and in UTC. Raises ToolError."""
    if [bool(given.when), bool(given.in_minutes), bool(given.every.strip())].count(True) != 1:
        raise ToolError("Give just one of when (once), in_minutes (once) and every (again and again).")
    if given.every.strip():
        cron = Cron(given.every, zone)
        cron.check(now)
        return None, cron.after(now) or now
    if given.in_minutes:
        return None, _near(now + timedelta(minutes=min(given.in_minutes, 10**7)), now, zone)
    wall = _wall(given.when, zone)
    return wall, _near(moment(wall, zone), now, zone)


def _wall(when: str, zone: tzinfo) -> datetime:
    try:
        at = datetime.fromisoformat(when.strip())
        if len(when.strip()) <= len("2026-11-24"):
            raise ValueError
        here = at.astimezone(zone).replace(tzinfo=None) if at.tzinfo else at
        here + FARTHEST, here - FARTHEST
    except (ValueError, OverflowError):
        raise ToolError(f"{shorten(when, 40)!r} is no date and time. Write one like 2026-11-24T08:00.") from None
    return here.replace(second=0, microsecond=0, fold=0)


def _near(at: datetime, now: datetime, zone: tzinfo) -> datetime:
    """The moment, which must be ahead and not too far."""
    if at <= now:
        raise ToolError(f"That time has passed: it is {in_words(now, zone)} now.")
    if at > now + FARTHEST:
        raise ToolError("That is more than five years ahead.")
    return at


def _clock_notes(wall: datetime | None, zone: tzinfo) -> list[Sentence]:
    """What the person has to know of the time that they named."""
    change = "" if wall is None else clock_change(wall, zone)
    if change == "skipped":
        return [Sentence("Clocks skip {time:%H:%M} on that day, so it is when they go on.", time=wall)]
    if change == "twice":
        return [Sentence("Clocks show {time:%H:%M} twice on that day: it is the first of them.", time=wall)]
    return []


def _check_room(known: Sequence[Reminder], new: Reminder) -> None:
    """Raises ToolError where there is no room, or the same is there already."""
    for each in known:
        if (each.conversation, each.what, each.every, each.due) == (new.conversation, new.what, new.every, new.due):
            raise ToolError(f"The same is scheduled here already, as number {each.id}.")
    if len(known) >= MOST:
        raise ToolError(f"{MOST} are scheduled in this chat already, which is the most. /reminders cancels some.")


def _as_json(reminder: Reminder) -> dict[str, JSON]:
    zone = zone_named(reminder.zone)
    resting = reminder.state == "resting" or reminder.due is None
    due = "it rests" if resting else str(in_words(datetime.fromtimestamp(reminder.due or 0.0, zone), zone))
    given = {"every": reminder.every, "skill": reminder.skill, "by": reminder.person.name}
    kept = {name: value for name, value in given.items() if value}
    return {"number": reminder.id, "what": reminder.what, "work": reminder.work, "next": due, **kept}
