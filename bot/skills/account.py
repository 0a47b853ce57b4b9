"""How a skill is told about in a chat: in a line, and in full."""

from bot.skills.library import Shelved
from bot.store.skills import Tally
from bot.words import Sentence, say

STATES = {
    "live": Sentence("live"),
    "suspended": Sentence("suspended"),
    "pending": Sentence("waits for approval"),
    "broken": Sentence("broken"),
}


def did(tally: Tally) -> Sentence:
    """How well a version did, in words."""
    if tally.uses == 0:
        return Sentence("not used yet")
    if tally.uses == 1:
        return Sentence(
            "used once, {good} of 1 well, calls without the model: {calls}", good=tally.good, calls=tally.calls
        )
    return Sentence(
        "used {uses} times, {good} of {uses} well, calls without the model: {calls}",
        uses=tally.uses,
        good=tally.good,
        calls=tally.calls,
    )


def line(entry: Shelved, tally: Tally, language: str) -> str:
    """One skill in a line of Markdown."""
    what = entry.skill.description if entry.skill else "; ".join(entry.problems)
    state = "" if entry.state == "live" else f" ({STATES[entry.state].told(language)})"
    return f"- **{entry.name}**{state}: {what} _{did(tally).told(language)}_"


def full(entry: Shelved, tally: Tally, language: str = "") -> str:
    """All about one skill in Markdown; in English for models and terminals."""
    skill = entry.skill
    if skill is None:
        broken = say(language, "**{name}** is broken:", name=entry.name)
        return "\n".join([broken, *(f"- {problem}" for problem in entry.problems)])
    state = STATES[entry.state]
    if entry.approved_by:
        state = Sentence("{state}, approved by {name}", state=state, name=entry.approved_by)
    known = (state.told(language), did(tally).told(language), say(language, "version `{id}`", id=entry.digest[:12]))
    return f"**{entry.name}** ({'; '.join(known)})\n\n{skill.description}\n\n{skill.body}".strip()
