"""Laws of mining, over many simulated workplaces."""

import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Trigger
from bot.domain.trace import Trace
from bot.learning.mining import Report, fingerprint, mine, replay
from bot.learning.mining.building import build
from bot.learning.mining.corpus import corpus
from bot.learning.mining.explanation import Rigour
from bot.learning.mining.fitting import fits
from bot.learning.mining.induce import induce
from bot.learning.mining.replaying import Replayer
from bot.learning.mining.sequences import by_task, frequent
from bot.learning.mining.support import support
from tests.learning import workplaces
from tests.learning.workplaces import Work, traces_of

PROCEDURES = (workplaces.shop, workplaces.files, workplaces.tickets, workplaces.build)
works = st.sampled_from(PROCEDURES)
seeds = st.integers(0, 10**6).map(Random)
few = settings(max_examples=8)


def unlearned(procedure: Procedure) -> Procedure:
    """The procedure as if it came from elsewhere: replay leaves no task out."""
    return replace(procedure, provenance=replace(procedure.provenance, tasks=()))


def structures(report: Report) -> set[str]:
    return {skill.fingerprint for skill in report.skills}


def renamed(trace: Trace, table: Mapping[int, int]) -> Trace:
    """The trace with the digits of every id exchanged."""
    text = json.dumps(trace.messages)
    text = re.sub(r"(?<!call_)(?<![\w.])[\w#-]*\d[\w-]*\d[\w-]*", lambda found: exchanged(found[0], table), text)
    return replace(trace, messages=tuple(json.loads(text)))


def exchanged(word: str, table: Mapping[int, int]) -> str:
    return word if word.startswith("call_") or len(word) < 4 else word.translate(table)


@few
@given(works, seeds, st.integers(4, 15))
def test_a_procedure_with_a_supports_parameters_makes_its_calls(work: Work, random: Random, count: int) -> None:
    traces = traces_of(work, random, count)
    report = mine(traces)
    assert report.skills
    for skill in report.skills:
        shares, matches = replay(unlearned(skill.procedure), [t for t in traces if t.id in skill.support])
        assert shares.exact == shares.bindable == 1
        assert {match.trace for match in matches} == set(skill.support)


@few
@given(seeds)
def test_order_and_ids_of_traces_change_nothing(random: Random) -> None:
    traces = workplaces.everyday(random, 42)
    order = random.sample(range(len(traces)), len(traces))
    ids = {trace.id: f"t{place}" for place, trace in zip(order, traces, strict=True)}
    others = [replace(traces[place], id=ids[traces[place].id], task=ids[traces[place].task]) for place in order]
    one, other = mine(traces), mine(others)
    assert structures(one) == structures(other)
    for mine_, theirs in zip(one.skills, other.skills, strict=True):
        assert {ids[trace] for trace in mine_.support} == set(theirs.support)
        assert mine_.replay == theirs.replay
        assert mine_.explained == theirs.explained
        assert (mine_.name, mine_.description) == (theirs.name, theirs.description)
    assert {r.tools: r.reasons for r in one.refused} == {r.tools: r.reasons for r in other.refused}


@few
@given(works, seeds)
def test_ids_of_things_change_nothing(work: Work, random: Random) -> None:
    traces = traces_of(work, random, 10)
    digits = "123456789"
    table = str.maketrans(digits, "".join(random.sample(digits, 9)))
    one, other = mine(traces), mine([renamed(trace, table) for trace in traces])
    assert structures(one) == structures(other) != set()
    assert [skill.replay for skill in one.skills] == [skill.replay for skill in other.skills]


@few
@given(works, seeds, st.sampled_from([workplaces.noise, workplaces.question]), st.integers(1, 60))
def test_unrelated_traces_remove_no_skill(work: Work, random: Random, other: Work, count: int) -> None:
    traces = traces_of(work, random, 5)
    assert structures(mine(traces)) <= structures(mine(traces + traces_of(other, random, count)))


@few
@given(seeds)
def test_planted_procedures_are_found_in_noise_and_nothing_else(random: Random) -> None:
    planted = [structures(mine(traces_of(work, random, 10))) for work in PROCEDURES]
    report = mine(workplaces.everyday(random, 60))
    assert structures(report) == set().union(*planted)
    assert all(skill.replay.exact == 1 and skill.replay.determined > 0.6 for skill in report.skills)


@few
@given(seeds, st.sampled_from([workplaces.noise, workplaces.question]), st.integers(0, 120))
def test_from_random_calls_nothing_is_found(random: Random, work: Work, count: int) -> None:
    assert mine(traces_of(work, random, count)).skills == ()


@few
@given(works, seeds)
def test_the_index_and_the_evaluation_tell_the_same_of_damaged_traces(work: Work, random: Random) -> None:
    whole = corpus(traces_of(work, random, 8))
    tools, standing = max(frequent(whole, 3).items(), key=lambda pair: len(pair[0]))
    induced = induce(whole, [place for task in by_task(standing) for place in task], len(tools), Rigour(3))
    assert induced is not None
    damaged = corpus([damage(trace, random) for trace in traces_of(work, random, 20)])
    replayer = Replayer(build(induced), {})
    loops = [step.loop is not None for step in induced.pattern]
    told = []
    for place in (place for task in by_task(frequent(damaged, 1).get(tools, {})) for place in task):
        found = support(place, loops)
        if found is None or found.places is None:
            continue
        span = tuple(range(unit[0], unit[-1] + 1) for unit in found.steps)
        told.append(fits(induced.pattern, found))
        assert told[-1] == replayer.match(found.run, found.part.segment, span).exact
    assert told


def damage(trace: Trace, random: Random) -> Trace:
    """Change one character somewhere in what was called or came back, as long as it is still JSON."""
    messages = json.loads(json.dumps(trace.messages))
    call = random.choice([m["tool_calls"][0]["function"] for m in messages if "tool_calls" in m])
    arguments: JSON = json.loads(call["arguments"])
    key = random.choice(sorted(arguments))
    arguments[key] = random.choice([f"{arguments[key]}x", None, [arguments[key]], True, "", arguments[key]])
    call["arguments"] = json.dumps(arguments)
    return replace(trace, messages=tuple(messages))


@few
@given(seeds)
def test_the_same_input_gives_the_same_report_and_it_is_small(random: Random) -> None:
    traces = workplaces.everyday(random, 30)
    one, other = mine(traces), mine(list(traces))
    assert json.dumps(asdict(one)) == json.dumps(asdict(other))
    packed = pickle.dumps(one)
    assert pickle.loads(packed) == one  # noqa: S301 - as a process pool does it
    assert len(packed) < 40_000


@few
@given(works, seeds)
def test_names_and_words_are_no_part_of_the_structure(work: Work, random: Random) -> None:
    procedure = mine(traces_of(work, random, 6)).skills[0].procedure
    names = {step.id: f"other_{step.id}" for step in procedure.steps} | {
        name: f"my_{name}" for name in procedure.parameters
    }
    steps = tuple(
        replace(
            step,
            id=names[step.id],
            for_each=told(step.for_each, names),
            arguments={key: told(value, names) for key, value in reversed(step.arguments.items())},
        )
        for step in procedure.steps
    )
    other = replace(procedure, steps=steps, trigger=Trigger(), examples=(), parameters={}, required=())
    assert fingerprint(other) == fingerprint(procedure)
    assert fingerprint(replace(procedure, steps=procedure.steps[:1])) != fingerprint(procedure)


def told(template: JSON, names: Mapping[str, str]) -> JSON:
    """A template with other names for steps and parameters."""
    if not isinstance(template, str):
        return template
    return re.sub(r"(parameters|steps)\.([a-z_0-9]+)", lambda found: f"{found[1]}.{names[found[2]]}", template)
