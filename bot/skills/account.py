"""How a skill is told about in a chat: in a line, and in full."""

from datetime import UTC, datetime

from bot.domain.share import Share
from bot.skills.library import Shelved
from bot.store.skills import Tally
from bot.words import Sentence, say

STATES = {
    "live": Sentence("live"),
    "suspended": Sentence("suspended"),
    "pending": Sentence("waits for approval"),
    "broken": Sentence("broken"),
}


def state(entry: Shelved) -> Sentence:
    """The state in words; what is live is on trial or trusted, and perhaps not wanted here, or cannot run."""
    if entry.state != "live":
        return STATES[entry.state]
    told = Sentence("trusted") if entry.trusted else Sentence("on trial")
    if entry.unwanted:
        told = Sentence("{state}, not wanted here", state=told)
    if entry.lacking:
        told = Sentence("{state}, cannot run: {names} is not here", state=told, names=", ".join(entry.lacking))
    return told


def did(tally: Tally) -> Sentence:
    """How well a version did, in words, with the share of good uses that this speaks for."""
    if tally.uses == 0:
        return Sentence("not used yet")
    counts = {"uses": tally.uses, "good": tally.good, "bad": tally.bad, "saved": tally.saved}
    if tally.good + tally.bad == 0:
        return Sentence("used: {uses}, not known how well; calls of the model saved: {saved}", **counts)
    low, high = (round(100 * end) for end in Share(tally.good + 1, tally.bad + 1).interval())
    return Sentence(
        "used: {uses}, well {good}, badly {bad} ({low} to {high} % go well); calls of the model saved: {saved}; "
        "last on {day:%Y-%m-%d}",
        low=low,
        high=high,
        day=datetime.fromtimestamp(tally.last or 0.0, UTC),
        **counts,
    )


def line(entry: Shelved, tally: Tally, language: str) -> str:
    """One skill in a line of Markdown."""
    what = entry.skill.description if entry.skill else "; ".join(entry.problems)
    return f"- **{entry.name}** ({state(entry).told(language)}): {what} _{did(tally).told(language)}_"


def full(entry: Shelved, tally: Tally, language: str = "") -> str:
    """All about one skill in Markdown; in English for models and terminals."""
    skill = entry.skill
    if skill is None:
        broken = say(language, "**{name}** is broken:", name=entry.name)
        return "\n".join([broken, *(f"- {problem}" for problem in entry.problems)])
    told = state(entry)
    if entry.approved_by:
        told = Sentence("{state}, approved by {name}", state=told, name=entry.approved_by)
    known = (told.told(language), did(tally).told(language), say(language, "version `{id}`", id=entry.digest[:12]))
    said = skill.body if skill.description in skill.body else f"{skill.description}\n\n{skill.body}"
    return f"**{entry.name}** ({'; '.join(known)})\n\n{said}".strip()
