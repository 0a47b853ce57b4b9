"""What a turn called, as its journal tells: its skills are counted and scored by that."""

from collections.abc import Sequence

from bot.engine.journal import Journal
from bot.engine.toolbox import Offer
from bot.skills.rank import seen
from bot.store.showings import Showing


def choice(log: Journal, offer: Offer) -> Sequence[Showing]:
    """What the model's calls tell of the skills it saw: nothing if there are none, or a person made the first."""
    names = called(log)
    if not names or log.turn.kind != "message":
        return ()
    return seen(offer.seen, {found.ref for name in names if (found := offer.skill(name))})


def failed_skills(log: Journal, offer: Offer) -> list[str]:
    """The skills whose runs failed in this turn, so that the model went on by itself."""
    failed = (entry for entry in log.known.values() if entry.status == "failed" and isinstance(entry.result, dict))
    found = (offer.skill(entry.name) for entry in failed if entry.result.get("status") == "failed")
    return list(dict.fromkeys(each.ref.name for each in found if each))


def called(log: Journal) -> set[str]:
    """The tools that were called, by the model and by the steps of skills."""
    return {entry.name for entry in log.known.values() if entry.name}
