"""The card of a proposal: at most ten lines, its evidence in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.scope import EVERYWHERE
from bot.domain.skill import Procedure, Skill, Step
from bot.domain.text import plain, shorten
from bot.learning.mining import Candidate
from bot.learning.prompting import Found
from bot.skills import account
from bot.store.skills import Tally
from bot.words import Sentence, decimal

EDIT = Sentence("Edit")
CHOICES = ((Sentence("Approve"), "approve"), (Sentence("Reject"), "reject"), (Sentence("Details"), "details"))
STEPS = 5
"""Steps that a card lists; the rest is counted."""
SHOWN_INSTRUCTIONS = 300
"""Characters of a prompt's instructions that a card shows; the rest stands in the details."""

FACTS = 6
"""Lines of a card below its question and description: ten in all."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a person should know of a folder that nobody approved.

    `edited`: an approved version of it was there before, and `changes` is the difference; `where` it may be used unless
    that is here; `cautions` are warnings.
    """

    edited: bool
    where: Sentence | None
    changes: Sequence[Sentence]
    cautions: Sequence[Sentence]


def card(language: str, skill: Skill, procedure: Procedure, found: Candidate, changes: Sequence[Sentence] = ()) -> str:
    """The card's text in Markdown. `changes`: what sets it apart from the version that it would take the place of."""
    words = " ".join(filter(None, (skill.description, procedure.trigger.condition)))
    return _card(
        language,
        _question(skill.name, procedure, found),
        words.replace("\n", " "),
        [
            *_changes(changes),
            Sentence("Steps: {steps}", steps=_steps(procedure.steps)),
            Sentence("Needs: {names}", names=", ".join(procedure.parameters) or Sentence("nothing")),
            *_proven(found),
            Sentence("Saves about {calls} model calls a time", calls=decimal(found.saves_calls)),
            Sentence("May change things with: {tools}; I ask before it does", tools=", ".join(found.writes))
            if found.writes
            else Sentence("Only reads"),
        ],
    )


def prompt_card(language: str, skill: Skill, found: Found) -> str:
    """The card of a procedure that a model wrote, marked as what it is."""
    procedure = skill.procedure or Procedure(())
    asked = next((step.prompt for step in procedure.steps if step.prompt), "")
    return _card(
        language,
        Sentence("People here ask alike. Shall I learn to answer as {name}?", name=skill.name),
        " ".join((skill.description, procedure.trigger.condition)),
        [
            Sentence("Asks the model: “{prompt}”", prompt=shorten(plain(asked), SHOWN_INSTRUCTIONS)),
            Sentence("Needs: {names}", names=", ".join(procedure.parameters)),
            _asked(found),
            _preferred(found),
            Sentence("Uses no tool and changes nothing"),
        ],
    )


@dataclass(frozen=True, slots=True)
class Edited:
    """What `by` (a person's name) has changed; of so many `places` it reproduces the calls of `same`."""

    by: str
    changes: Sequence[Sentence]
    same: int
    places: int
    cautions: Sequence[Sentence]


def edited_card(language: str, skill: Skill, told: Edited) -> str:
    """The card of what a person made of a proposal."""
    procedure = skill.procedure
    question = Sentence("{person} has changed {name}. Shall I learn it so?", person=plain(told.by), name=skill.name)
    facts = _changes(told.changes)
    if procedure:
        facts.append(Sentence("Steps: {steps}", steps=_steps(procedure.steps)))
        facts.append(Sentence("Needs: {names}", names=", ".join(procedure.parameters) or Sentence("nothing")))
        facts.append(_same(told.same, told.places) if told.places else Sentence("There is nothing to replay it on"))
    return _card(language, question, _in_a_line(skill), [*facts, *_fitting(told.cautions, FACTS - len(facts))])


@dataclass(frozen=True, slots=True)
class Offered:
    """A skill as it would be for the wider `scope`, and the tools by which it `writes`."""

    skill: Skill
    scope: str
    writes: Sequence[str]


def wider_card(language: str, offered: Offered, did: Tally, seen: Mapping[str, int]) -> str:
    """The card of a skill that is offered to more chats; `seen` are numbers of the work that it was learned from."""
    skill = offered.skill
    question = Sentence("Shall I use the skill {name} in the whole workspace?", name=skill.name)
    if offered.scope == EVERYWHERE:
        question = Sentence("Shall I use the skill {name} in every chat?", name=skill.name)
    facts = [Sentence("So far: {record}", record=account.did(did))]
    if procedure := skill.procedure:
        facts.append(Sentence("Steps: {steps}", steps=_steps(procedure.steps)))
        facts.append(Sentence("Needs: {names}", names=", ".join(procedure.parameters) or Sentence("nothing")))
    if seen.get("tasks"):
        facts.append(Sentence("Seen in {tasks} tasks elsewhere", tasks=seen["tasks"]))
    if offered.writes:
        facts.append(Sentence("May change things with: {tools}; I ask before it does", tools=", ".join(offered.writes)))
    facts.append(Sentence("Begins anew on trial"))
    return _card(language, question, _in_a_line(skill), facts)


def folder_card(language: str, skill: Skill, told: Told) -> str:
    """The card of a folder that nobody approved."""
    name, procedure = skill.name, skill.procedure
    question = Sentence("The skill {name} was put among my folders. Shall I use it?", name=name)
    if told.edited:
        question = Sentence("The skill {name} was edited in its folder. Shall I use it as it is now?", name=name)
    facts = [told.where] if told.where else []
    facts += _changes(told.changes)
    if told.edited:
        facts.append(Sentence("Until then it is out of use; reject this, and you can have the version of before back"))
    if procedure:
        facts.append(Sentence("Steps: {steps}", steps=_steps(procedure.steps)))
    if procedure and not told.edited:
        facts.append(Sentence("Needs: {names}", names=", ".join(procedure.parameters) or Sentence("nothing")))
    return _card(language, question, _in_a_line(skill), [*facts, *_fitting(told.cautions, FACTS - len(facts))])


def _fitting(cautions: Sequence[Sentence], room: int) -> list[Sentence]:
    """The first warnings, in so many lines; the rest is counted."""
    if len(cautions) <= room:
        return [*cautions]
    more = Sentence("{count} more warnings: see Details", count=len(cautions) - room + 1)
    return [*cautions[: room - 1], more]


def _in_a_line(skill: Skill) -> str:
    condition = skill.procedure.trigger.condition if skill.procedure else ""
    return plain(" ".join(filter(None, (skill.description, condition))))


def _card(language: str, question: Sentence, words: str, facts: Sequence[Sentence]) -> str:
    """A list keeps the facts in lines of their own, on every platform."""
    told = (f"- {fact.told(language)}" for fact in facts)
    return "\n".join([f"**{question.told(language)}**", "", shorten(words, 400), "", *told])


def _question(name: str, procedure: Procedure, found: Candidate) -> Sentence:
    if _taught(found):
        return Sentence("I can do that again by myself. Shall I learn it as {name}?", name=name)
    match procedure.provenance.origin:
        case "refined":
            return Sentence("The work of {name} goes on differently by now. Shall I change the skill?", name=name)
        case "re-extracted":
            return Sentence("I found how the work of {name} is done now. Shall I learn it anew?", name=name)
    return Sentence("I found work that repeats. Shall I learn it as {name}?", name=name)


def _changes(changes: Sequence[Sentence]) -> list[Sentence]:
    if len(changes) < 2:
        return [Sentence("Changes: {change}", change=change) for change in changes]
    more = len(changes) - 1
    return [Sentence("Changes: {change} (and {count} more: see Details)", change=changes[0], count=more)]


def _steps(steps: Sequence[Step]) -> str:
    told = _step(steps[0])
    for step in steps[1:STEPS]:
        told = Sentence("{steps}, then {step}", steps=told, step=_step(step))
    more = len(steps) - STEPS
    return Sentence("{steps} and {count} more", steps=told, count=more) if more > 0 else told


def _step(step: Step) -> str:
    done = step.tool or Sentence("ask the model")
    return Sentence("{step} for each", step=done) if step.for_each else done


def _taught(found: Candidate) -> bool:
    """Whether a person taught it by one piece of work."""
    return found.replay.matches == 0


def _proven(found: Candidate) -> list[Sentence]:
    if _taught(found):
        return [Sentence("Taught by one piece of work: there is nothing else to replay it on")]
    return [_seen(found), _replayed(found)]


def _seen(found: Candidate) -> Sentence:
    counts = {"tasks": found.tasks, "verified": found.verified}
    if found.people < 2:
        return Sentence("Seen in {tasks} tasks, {verified} confirmed from outside the model", **counts)
    people = found.people
    return Sentence(
        "Seen in {tasks} tasks of {people} people, {verified} confirmed from outside the model", people=people, **counts
    )


def _replayed(found: Candidate) -> Sentence:
    return _same(round(found.replay.exact * found.replay.matches), found.replay.matches)


def _same(same: int, places: int) -> Sentence:
    return Sentence(
        "Replayed where it was not learned from: {same} of {matches} with the same calls", same=same, matches=places
    )


def _asked(found: Found) -> Sentence:
    tasks, people = len(found.shape.talks), found.shape.people
    if people < 2:
        return Sentence("Asked in {tasks} tasks", tasks=tasks)
    return Sentence("Asked in {tasks} tasks by {people} people", tasks=tasks, people=people)


def _preferred(found: Found) -> Sentence:
    compared = found.compared
    low, high = (round(100 * share) for share in compared.interval)
    return Sentence(
        "Written by a model from {tasks} tasks; preferred in {won} of {count} blind comparisons on others{ties} "
        "(80 % sure: {low} to {high} % of such requests)",
        tasks=found.written_from,
        won=compared.won,
        count=compared.count,
        ties=Sentence(", {count} even", count=compared.ties) if compared.ties else "",
        low=low,
        high=high,
    )
