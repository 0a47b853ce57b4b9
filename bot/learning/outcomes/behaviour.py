"""What can be seen without asking anybody: what people said next, errors that nothing repaired, checks of skills."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bot.domain.trace import Status
from bot.learning.outcomes.exit_codes import last_check
from bot.learning.outcomes.phrases import Meaning, Phrases, repeats
from bot.learning.outcomes.record import Call, Record
from bot.store.evidence import Evidence
from bot.store.skills import Use
from bot.store.tasks import Said

SEEN: dict[Meaning, tuple[Status, str]] = {
    "thanks": ("success", "A person said thanks."),
    "corrects": ("failure", "A person corrected what was done."),
}
REPEATED = "A person asked for the same again."
TOLD: dict[Meaning, Status] = {"works": "success", "fails": "failure"}


def observed(record: Record, phrases: Phrases) -> list[Evidence]:
    """The evidence in a task's own record."""
    return [
        *_verified(record.uses),
        *last_check(record.calls),
        *_spoken(record.said, phrases),
        *_unrepaired(record.calls),
    ]


def about_before(record: Record, phrases: Phrases) -> Evidence | None:
    """What the first message says of the conversation's task before this one.

    A request that is repeated there says nothing: after a quiet time it is new work, such as every week's report.
    """
    if not record.said:
        return None
    return _of_message(record.said[0], phrases)


def follow_ups(record: Record, phrases: Phrases) -> list[Said]:
    """The messages behind the first that words cannot tell anything of."""
    told = [each for each in record.said[1:] if phrases.said_of_work(each.text) or _repeated(each, record.said)]
    return [each for each in record.said[1:] if each not in told]


def _spoken(said: Sequence[Said], phrases: Phrases) -> Iterator[Evidence]:
    """The last thing that each person said of the outcome, and the last thing all of them showed by what they said."""
    words, shown = {}, []
    for each in said[1:]:
        found = _of_message(each, phrases)
        if found is None and _repeated(each, said):
            found = Evidence("behaviour", "failure", REPEATED, rule="said-next")
        if found and found.source == "feedback":
            words[found.person] = found
        elif found:
            shown.append(found)
    yield from words.values()
    yield from shown[-1:]


def _of_message(said: Said, phrases: Phrases) -> Evidence | None:
    meaning = phrases.said_of_work(said.text)
    if meaning in TOLD:
        return Evidence("feedback", TOLD[meaning], f"A person said that it {meaning}.", said.person, "said", at=said.at)
    if meaning in SEEN:
        verdict, text = SEEN[meaning]
        return Evidence("behaviour", verdict, text, rule="said-next")
    return None


def _repeated(message: Said, said: Sequence[Said]) -> bool:
    earlier = (other for other in said if other.turn < message.turn and other.person == message.person)
    return any(repeats(message.text, other.text) for other in earlier)


def _verified(uses: Sequence[Use]) -> Iterator[Evidence]:
    """The verdicts of skills' own checks: all that a skill checked in this task must hold."""
    by_skill: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        if use.checks:
            by_skill[use.ref.name].append(use)
    for name, made in by_skill.items():
        held = all(all(use.checks) and use.status == "done" for use in made)
        text = f"The checks of the skill {name} {'held' if held else 'did not all hold'}."
        yield Evidence("verifier", "success" if held else "failure", text, rule=f"skill {name}")


def _unrepaired(calls: Sequence[Call]) -> Iterator[Evidence]:
    """Tools whose last call failed. What a skill left undone may be done by any later call."""
    last = {call.tool: number for number, call in enumerate(calls)}
    broken = sorted(
        name
        for name, number in last.items()
        if calls[number].failed and not (name.startswith("skill_") and any(not call.failed for call in calls[number:]))
    )
    if broken:
        text = f"The last call of {', '.join(broken)} failed."
        yield Evidence("behaviour", "failure", text, rule="unrepaired")
