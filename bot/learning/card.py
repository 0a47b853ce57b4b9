"""The card of a proposal: at most ten lines, its evidence in numbers."""

from collections.abc import Sequence

from bot.domain.skill import Procedure, Skill, Step
from bot.domain.text import plain, shorten
from bot.learning.mining import Candidate
from bot.learning.prompting import Found
from bot.words import Sentence

CHOICES = (("Approve", "approve"), ("Reject", "reject"), ("Details", "details"))
STEPS = 5
"""Steps that a card lists; the rest is counted."""
SHOWN_INSTRUCTIONS = 300
"""Characters of a prompt's instructions that a card shows; the rest stands in the details."""


def card(skill: Skill, procedure: Procedure, found: Candidate, changes: Sequence[Sentence] = ()) -> str:
    """The card's text in Markdown. `changes`: what sets it apart from the version that it would take the place of."""
    words = " ".join(filter(None, (skill.description, procedure.trigger.condition)))
    return _card(
        _question(skill.name, procedure),
        words.replace("\n", " "),
        [
            *_changes(changes),
            f"Steps: {_steps(procedure.steps)}",
            f"Needs: {', '.join(procedure.parameters) or 'nothing'}",
            _seen(found),
            _replayed(found),
            f"Saves about {found.saves_calls:.1f} model calls a time",
            f"May change things with: {', '.join(found.writes)}; I ask before it does"
            if found.writes
            else "Only reads",
        ],
    )


def prompt_card(skill: Skill, found: Found) -> str:
    """The card of a procedure that a model wrote, marked as what it is."""
    procedure, compared = skill.procedure or Procedure(()), found.compared
    words = " ".join((skill.description, procedure.trigger.condition))
    asked = next((step.prompt for step in procedure.steps if step.prompt), "")
    people = f" by {found.shape.people} people" if found.shape.people > 1 else ""
    low, high = compared.interval
    ties = f", {compared.ties} even" if compared.ties else ""
    return _card(
        f"People here ask alike. Shall I learn to answer as {skill.name}?",
        words,
        [
            f"Asks the model: “{shorten(plain(asked), SHOWN_INSTRUCTIONS)}”",
            f"Needs: {', '.join(procedure.parameters)}",
            f"Asked in {len(found.shape.talks)} tasks{people}",
            f"Written by a model from {found.written_from} tasks; preferred in {compared.won} of {compared.count} "
            f"blind comparisons on others{ties} (80 % sure: {low:.0%} to {high:.0%} of such requests)",
            "Uses no tool and changes nothing",
        ],
    )


def _question(name: str, procedure: Procedure) -> str:
    match procedure.provenance.origin:
        case "refined":
            return f"The work of {name} goes on differently by now. Shall I change the skill?"
        case "re-extracted":
            return f"I found how the work of {name} is done now. Shall I learn it anew?"
    return f"I found work that repeats. Shall I learn it as {name}?"


def _changes(changes: Sequence[Sentence]) -> list[str]:
    more = f" (and {len(changes) - 1} more: see Details)" if len(changes) > 1 else ""
    return [f"Changes: {changes[0]}{more}"] if changes else []


def _card(question: str, words: str, facts: Sequence[str]) -> str:
    """A list keeps the facts in lines of their own, on every platform."""
    return "\n".join([f"**{question}**", "", shorten(words, 400), "", *(f"- {fact}" for fact in facts)])


def details(skill: Skill, files: dict[str, bytes]) -> str:
    """Every step, parameter and example, as the file that would go live."""
    procedure = files["procedure.yaml"].decode().replace("```", "ˋˋˋ")
    return f"**{skill.name}** in full, as it would go live:\n\n```yaml\n{procedure}\n```"


def _steps(steps: Sequence[Step]) -> str:
    named = [f"{step.tool or 'ask the model'}{' for each' if step.for_each else ''}" for step in steps]
    more = f" and {len(named) - STEPS} more" if len(named) > STEPS else ""
    return ", then ".join(named[:STEPS]) + more


def _seen(found: Candidate) -> str:
    people = f" of {found.people} people" if found.people > 1 else ""
    return f"Seen in {found.tasks} tasks{people}, {found.verified} confirmed from outside the model"


def _replayed(found: Candidate) -> str:
    replay = found.replay
    same = round(replay.exact * replay.matches)
    return f"Replayed where it was not learned from: {same} of {replay.matches} with the same calls"
