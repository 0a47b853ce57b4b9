"""How a skill is told about in a chat: in a line, and in full."""

from bot.skills.library import Shelved
from bot.store.skills import Tally
from bot.words import Sentence, say

STATES = {"live": "live", "suspended": "suspended", "pending": "waits for approval", "broken": "broken"}


def did(tally: Tally) -> str:
    """How well a version did, in words."""
    if tally.uses == 0:
        return "not used yet"
    times = "once" if tally.uses == 1 else f"{tally.uses} times"
    return f"used {times}, {tally.good} of {tally.uses} well, {tally.calls} calls made without asking the model"


def line(entry: Shelved, tally: Tally) -> str:
    """One skill in a line of Markdown."""
    what = entry.skill.description if entry.skill else "; ".join(entry.problems)
    state = "" if entry.state == "live" else f" ({STATES[entry.state]})"
    return f"- **{entry.name}**{state}: {what} _{did(tally)}_"


def full(entry: Shelved, tally: Tally) -> str:
    """All about one skill in Markdown."""
    skill = entry.skill
    if skill is None:
        return f"**{entry.name}** is broken:\n" + "\n".join(f"- {problem}" for problem in entry.problems)
    by = f", approved by {entry.approved_by}" if entry.approved_by else ""
    head = f"**{entry.name}** ({STATES[entry.state]}{by}; {did(tally)}; version `{entry.digest[:12]}`)"
    return f"{head}\n\n{skill.description}\n\n{skill.body}".strip()
