"""What a run comes to, as values for JSON and as text for people."""

from collections.abc import Iterator, Sequence

from bot.domain.json import JSON
from tests.benchmarks.learning.intervals import Interval, average, share
from tests.benchmarks.learning.lived import Done, Lived, Proposed
from tests.benchmarks.learning.truth import outdated
from tests.benchmarks.learning.workplaces import WORKPLACES

KINDS = ("right", "wrong", "dangerous")
MEASURES = ("calls", "bytes", "seconds")


def report(lived: Sequence[Lived], control: Sequence[Lived]) -> JSON:
    """Each workplace, and all together. `control`: the same tasks with nothing approved.

    All values under keys named `seconds` differ from run to run; the rest is the same for the same seed.
    """
    pairs = list(zip(lived, control, strict=True))
    before = [_phase(one, other, _first(one), one.drift) for one, other in pairs]
    after = [_phase(one, other, max(_first(one), one.drift), len(one.tasks)) for one, other in pairs]
    return {
        "workplaces": [
            {
                "name": one.workplace,
                "tasks": len(one.tasks),
                "first_skill_after": one.taught if one.taught < len(one.tasks) else None,
                "drift_after": one.drift,
                "verifier_fooled": sum(bool(done.wrong and not done.seen) for done in one.tasks),
                "until_drift": _compared([found_before]),
                "after_drift": _compared([found_after]),
                "proposals": [_proposal(one, each) for each in one.proposals],
                "outdated": [_outdated(one, each) for each in _hit_by_drift(one)],
                "learning": _learning([one]),
            }
            for (one, _), found_before, found_after in zip(pairs, before, after, strict=True)
        ],
        "all": {
            "tasks": sum(len(one.tasks) for one in lived),
            "until_drift": _compared(before),
            "after_drift": _compared(after),
            "proposed": _counts([each for one in lived for each in one.proposals]),
            "approved": _counts([each for one in lived for each in one.proposals if each.approved]),
            "learning": _learning(lived),
        },
    }


Pairs = Sequence[tuple[Done, Done]]
"""The same tasks without and with skills."""


def _first(lived: Lived) -> int:
    """The first task that is compared: the first with a skill live; where none ever was, all are."""
    return lived.taught % len(lived.tasks)


def _phase(lived: Lived, control: Lived, start: int, stop: int) -> Pairs:
    return list(zip(control.tasks[start:stop], lived.tasks[start:stop], strict=True))


def _compared(phases: Sequence[Pairs]) -> JSON:
    """Success and costs without and with skills; None where no task is left to compare."""
    pairs = [pair for phase in phases for pair in phase]
    if not pairs:
        return None
    told: dict[str, JSON] = {"tasks": len(pairs), "with_skill": sum(bool(having.uses) for _, having in pairs)}
    right = [[not done.wrong for done in side] for side in zip(*pairs, strict=True)]
    told["success"] = {
        "without": _interval(share(sum(right[0]), len(pairs))),
        "with": _interval(share(sum(right[1]), len(pairs))),
        "difference": _interval(average([having - lacking for lacking, having in zip(*right, strict=True)])),
    }
    for measure in MEASURES:
        lacking, having = ([float(getattr(done, measure)) for done in side] for side in zip(*pairs, strict=True))
        told[measure] = {
            "without": _interval(average(lacking)),
            "with": _interval(average(having)),
            "difference": _interval(average([after - before for before, after in zip(lacking, having, strict=True)])),
        }
    return told


def _interval(found: Interval) -> JSON:
    return {"value": round(found.value, 4), "low": round(found.low, 4), "high": round(found.high, 4)}


def _counts(proposals: Sequence[Proposed]) -> dict[str, JSON]:
    kinds: list[str] = [each.verdict.kind for each in proposals]
    return {kind: kinds.count(kind) for kind in KINDS}


def _proposal(lived: Lived, proposed: Proposed) -> JSON:
    skill = proposed.skill
    used = [done for done in lived.tasks if any(use.name == skill.name for use in done.uses)]
    return {
        "after": proposed.after,
        "name": skill.name,
        "tools": [step.tool for step in skill.procedure.steps] if skill.procedure else [],
        "verdict": proposed.verdict.kind,
        "why": proposed.verdict.why,
        "approved": proposed.approved,
        "used_in_tasks": len(used),
        "of_them_wrong": sum(bool(done.wrong) for done in used),
    }


def _hit_by_drift(lived: Lived) -> list[Proposed]:
    """What was live when the drift came, and was right only until then."""
    there = [each for each in lived.proposals if each.approved and each.after <= lived.drift]
    return [each for each in there if each.verdict.kind == "right" and outdated(lived.workplace, each.skill)]


def _outdated(lived: Lived, proposed: Proposed) -> JSON:
    """How many uses it took until the drift was caught: until a step failed, until the skill was no longer live.

    What a successor of its name did then is not counted.
    """
    name = proposed.skill.name
    last = lived.suspended.get(name, len(lived.tasks))
    uses = [(use, done) for done in lived.tasks[lived.drift : last + 1] for use in done.uses if use.name == name]
    failed = [use.failed for use, _ in uses]
    return {
        "name": name,
        "uses": len(uses),
        "handed_over": sum(failed),
        "handed_over_from": failed.index(True) + 1 if True in failed else None,
        "tasks_gone_wrong": sum(bool(done.wrong) for _, done in uses),
        "suspended_after": len(uses) if name in lived.suspended else None,
    }


def _learning(lived: Sequence[Lived]) -> JSON:
    cycles = [cycle for one in lived for cycle in one.cycles]
    return {
        "cycles": len(cycles),
        "tokens": sum(cycle.tokens for cycle in cycles),
        "seconds": round(sum(cycle.seconds for cycle in cycles), 2),
    }


def lines(told: JSON) -> Iterator[str]:
    """The report for people. Lines with seconds are marked with a star."""
    for each in told["workplaces"]:
        yield from _workplace(each)
        yield ""
    everything = told["all"]
    yield f"All {len(told['workplaces'])} workplaces, {everything['tasks']} tasks"
    yield from _phases(everything)
    yield f"  proposed: {_told(everything['proposed'])}"
    yield f"  approved: {_told(everything['approved'])}; blind approval would have let live all that was proposed"
    yield f"  {_cost(everything['learning'])}"
    yield "Intervals are 95 %. * differs from run to run."


def _workplace(each: JSON) -> Iterator[str]:
    place = WORKPLACES[each["name"]]
    taught = each["first_skill_after"]
    since = "no skill went live" if taught is None else f"the first skill live after {taught}"
    yield f"{place.title.capitalize()}: {each['tasks']} tasks, {since}, the drift after {each['drift_after']}"
    yield f"  planted: {place.traps} (a wrong task passed the verifier {each['verifier_fooled']} times)"
    yield f"  drift: {place.drift}"
    yield from _phases(each)
    for proposal in each["proposals"]:
        why = f" ({proposal['why']})" if proposal["why"] else ""
        used = f"approved; {proposal['of_them_wrong']} of the {proposal['used_in_tasks']} tasks that used it went wrong"
        decided = used if proposal["approved"] else "rejected"
        yield f"  proposed after {proposal['after']}: {proposal['name']}: {proposal['verdict']}{why}; {decided}"
    for skill in each["outdated"]:
        yield f"  outdated by the drift: {skill['name']}: {_caught(skill)}"
    yield f"  {_cost(each['learning'])}"


def _phases(told: JSON) -> Iterator[str]:
    for key, title in (("until_drift", "until the drift"), ("after_drift", "after the drift")):
        phase = told[key]
        if phase:
            yield f"  {title}: {phase['tasks']} tasks, a skill used in {phase['with_skill']}"
            yield from _table(phase)


def _table(phase: JSON) -> Iterator[str]:
    yield f"    {'':12}{'without skills':>28}{'with':>28}{'difference':>30}"
    rows = (("success", "{:.0%}", "success"), ("calls", "{:.2f}", "model calls"), ("bytes", "{:,.0f}", "bytes sent"))
    for key, form, title in (*rows, ("seconds", "{:.3f}", "seconds *")):
        cells = [_cell(phase[key][side], form) for side in ("without", "with")]
        difference = _cell(phase[key]["difference"], form.replace("{:", "{:+"))
        yield f"    {title:12}{cells[0]:>28}{cells[1]:>28}{difference:>30}"


def _cell(found: JSON, form: str) -> str:
    value, low, high = (form.format(found[key]) for key in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _told(counts: JSON) -> str:
    return ", ".join(f"{counts[kind]} {kind}" for kind in KINDS)


def _caught(skill: JSON) -> str:
    if not skill["uses"]:
        return "not used any more"
    first = skill["handed_over_from"]
    handed = f"{skill['handed_over']} of {skill['uses']} uses handed over to the agent" + (
        f", from use {first} on" if first else ""
    )
    after = skill["suspended_after"]
    suspended = "not suspended" if after is None else f"suspended after {after} uses"
    return f"{handed}; {skill['tasks_gone_wrong']} tasks went wrong; {suspended}"


def _cost(learning: JSON) -> str:
    return f"learning cost: {learning['cycles']} cycles, {learning['tokens']} tokens, {learning['seconds']} seconds *"
