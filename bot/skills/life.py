"""The life of a live skill: every use is scored by evidence, and one that fails too often is out of use at once."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.domain.chat import Conversation, Outgoing
from bot.domain.skill import SkillRef
from bot.domain.text import plain
from bot.domain.trace import Outcome, Status
from bot.skills.standing import standing
from bot.store import audit, buttons, conversations, lives, skills, turns
from bot.store.audit import Event
from bot.store.deliveries import deliver
from bot.store.lives import Life
from bot.store.skills import Use
from bot.store.store import Connection
from bot.store.turns import NewTurn
from bot.words import Sentence

log = structlog.get_logger()
UNEXPECTED = 2
"""Uses in a row whose outputs `expect` refuses that suspend a skill, whatever its record."""
RESTORE = ((Sentence("Restore"), "restore"),)


def verdict(use: Use, outcome: Outcome) -> Status:
    """What is known of a use: its own run and checks decide; where they do not tell, how its task went."""
    if use.status == "failed" or not all(use.checks):
        return "failure"
    return "success" if use.checks else outcome.status


def used(connection: Connection, use: Use, now: float) -> None:
    """Record a use that ended; a second one in a row that gave what later steps cannot use suspends at once."""
    skills.record(connection, use, verdict(use, Outcome()), now)
    counted_from = lives.of(connection, use.ref).counted_from
    last = skills.latest_uses(connection, use.ref, UNEXPECTED, counted_from)
    if len(last) == UNEXPECTED and all(one.unexpected for one in last):
        why = Sentence("the last {count} times a tool gave something else than it expects.", count=UNEXPECTED)
        _suspend_itself(connection, use, why, now)


def changed(connection: Connection, use: Use, tools: Sequence[str], now: float) -> None:
    """A use was refused, since tools of the skill are not what they were when it was approved: it is suspended."""
    _suspend_itself(connection, use, changed_tools(tools), now)


def changed_tools(tools: Sequence[str]) -> Sentence:
    """Why a skill is suspended whose tools are not what they were when it was approved."""
    return Sentence(
        "{tools} takes other arguments now, or may change other things, than when this was approved.",
        tools=", ".join(tools),
    )


def scored(connection: Connection, turns_of_task: list[int], outcome: Outcome, now: float) -> None:
    """Score the uses in a task that was closed, or closed anew, and draw what follows for their skills."""
    for use in skills.uses_in(connection, turns_of_task):
        skills.judge(connection, use, verdict(use, outcome))
        verdicts = lives.verdicts(connection, use.ref)
        after = standing(verdicts)
        if after.drifted:
            _suspend_itself(connection, use, _record(verdicts, use), now)
        elif after.state == "trusted" and lives.of(connection, use.ref).state == "live":
            _trust(connection, use, now)


def suspend(connection: Connection, ref: SkillRef, why: str, now: float, event: Event) -> bool:
    """Take a version out of use; False where it was out of use already."""
    life = lives.of(connection, ref)
    if not life.up:
        return False
    lives.put(connection, replace(life, state="suspended", since=now, why=why))
    audit.note(connection, event, now)
    log.warning("skill.suspended", name=ref.name, digest=ref.digest, why=why)
    return True


def restore(connection: Connection, event: Event, now: float) -> bool:
    """Bring a suspended version back, on trial again: what it did before counts no more. False where it is live.

    Its tools are what they are when it is used next.
    """
    life = lives.of(connection, event.ref)
    if life.up:
        return False
    counted_from = lives.newest_use(connection, event.ref)
    lives.put(connection, Life(event.ref, "live", now, "", counted_from))
    skills.repin(connection, event.ref, {})
    audit.note(connection, event, now)
    log.info("skill.restored", name=event.ref.name, digest=event.ref.digest, by=event.by.id)
    return True


def _suspend_itself(connection: Connection, use: Use, why: Sentence, now: float) -> None:
    """The chat in which it was used is told, and its work there is looked at anew."""
    home = _home(connection, use)
    event = Event("suspended", use.ref, home.scope, origin=home.key, detail=str(why))
    if not suspend(connection, use.ref, str(why), now, event):
        return
    row = buttons.row(connection, "life", f"{use.ref.name}@{use.ref.digest}", RESTORE, home.language)
    text = Sentence(
        "I no longer use **{name}**: {why} I do this work step by step again, and look for how it is done now.",
        name=use.ref.name,
        why=why,
    )
    key = f"suspended:{use.ref.digest}:{use.turn}:{use.place}"
    deliver(connection, Outgoing(home, text.told(home.language), (row,)), key, now)
    payload = {"scope": home.scope, "relearn": {"name": use.ref.name, "digest": use.ref.digest}}
    turns.enqueue(connection, NewTurn(f"mine:{key}", "job:mine", "mine", payload), now)


def _trust(connection: Connection, use: Use, now: float) -> None:
    home = _home(connection, use)
    lives.put(connection, replace(lives.of(connection, use.ref), state="trusted", since=now))
    audit.note(connection, Event("trusted", use.ref, home.scope, origin=home.key), now)
    text = Sentence("**{name}** has done well often enough: I trust it from now on.", name=use.ref.name)
    key = f"trusted:{use.ref.digest}:{use.turn}:{use.place}"
    deliver(connection, Outgoing(home, text.told(home.language)), key, now)


def _record(verdicts: list[Status], use: Use) -> Sentence:
    """The evidence in words, with what was said of the last failure."""
    known = [verdict for verdict in verdicts if verdict != "unknown"][-10:]
    reason = f" ({plain(use.reason)})" if use.reason else ""
    return Sentence(
        "{bad} of its last {count} uses went badly{reason}.",
        bad=known.count("failure"),
        count=len(known),
        reason=reason,
    )


def _home(connection: Connection, use: Use) -> Conversation:
    return conversations.find(connection, turns.conversation_of(connection, use.turn))
