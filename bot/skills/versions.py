"""The approved versions of a skill: which one was in use last, and how one of them takes the folder's place again."""

from collections.abc import Sequence

from bot.errors import Refused
from bot.skills import life
from bot.store import audit, skills
from bot.store.audit import Event
from bot.store.skills import Approval
from bot.store.store import Connection

IN_USE = frozenset(["approved", "promoted", "published", "restored", "rolled-back"])
"""Events after which a version is the one in use."""
SHORTEST = 4
"""Characters of a digest that may stand for all of it."""


def latest(connection: Connection, name: str) -> Approval | None:
    """The version that was in use last: by what is on record, else the one that was approved last."""
    versions = {version.ref: version for version in skills.history(connection, name)}
    used = [event.ref for event in audit.events(connection, name) if event.action in IN_USE and event.ref in versions]
    return versions[used[-1]] if used else next(reversed(versions.values()), None)


def chosen(versions: Sequence[Approval], name: str, digest: str) -> Approval:
    """The version whose digest begins so. Raises Refused unless that is exactly one."""
    found = [version for version in versions if version.ref.digest.startswith(digest.lower())]
    if len(found) != 1 or len(digest) < SHORTEST:
        raise Refused(
            "{digest} does not name one approved version of {name}: `apprentice skills history {name}` lists them, "
            "and {count} characters are the least.",
            digest=digest or "''",
            name=name,
            count=SHORTEST,
        )
    return found[0]


def back(connection: Connection, event: Event, now: float) -> None:
    """Record that a version stands in the folder again; if it was out of use it is on trial anew."""
    if not life.restore(connection, event, now):
        skills.repin(connection, event.ref, {})
        audit.note(connection, event, now)
