"""Skills as Hypothesis makes them, and one written out in full."""

from typing import Any

from hypothesis import strategies as st

from bot.domain.skill import Check, Example, Procedure, Provenance, Skill, Step, Trigger
from bot.skills.expressions import escape

ORDERS = """\
format: 1
parameters:
  user_id:
    type: string
    description: The customer's id
    examples: [ana_smith_1234]
required: [user_id]
trigger:
  keywords: [order, return, exchange]
  condition: The person asks about the orders of one customer.
  examples: ["What did ana_smith_1234 order?"]
steps:
  - id: user
    tool: get_user_details
    with: {user_id: "${parameters.user_id}"}
    expect:
      schema: {type: object, required: [orders], properties: {orders: {type: array, items: {type: string}}}}
  - id: orders
    for_each: "${steps.user.orders}"
    tool: get_order_details
    with: {order_id: "${item}"}
  - id: summary
    prompt: |
      Say in two sentences which of these orders are still open.
      ${steps.orders}
    output_schema: {type: object, properties: {answer: {type: string}}, required: [answer]}
verify:
  - tool: get_user_details
    with: {user_id: "${parameters.user_id}"}
    expect: {schema: {type: object, required: [orders]}}
  - value: "${steps.summary.answer}"
    expect: {schema: {type: string, minLength: 1}}
returns: "${steps.summary.answer}"
examples:
  - request: What did ana_smith_1234 order?
    parameters: {user_id: ana_smith_1234}
provenance:
  origin: mined
  tasks: [01J2ABC, 01J3DEF]
  based_on: null
  refined: 0
"""
"""The example that the format's own page shows."""

FRONT = "---\nname: customer-orders\ndescription: Tells what a customer ordered.\n---\n\nWords.\n"


def skill_files(procedure: str = ORDERS, front: str = FRONT) -> dict[str, bytes]:
    return {"SKILL.md": front.encode(), "procedure.yaml": procedure.encode()}


UNSEEN = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff"
visible = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n", exclude_characters=UNSEEN)
AWKWARD = [
    "---",
    "\n",
    " ",
    "#",
    ": ",
    "- ",
    "'",
    '"',
    "\\",
    "${",
    "`",
    "yes",
    "1:30",
    "0",
    "2024-01-01",
    "\t",
    "\u2028",
]
AWKWARD += ["\u00a0", "\ufeff", "\U0001f600", "\u200b", "{", "]", "a", "...", "|", "%", "@", "\n\n", "\n ", " \n"]
texts = st.lists(visible | st.sampled_from(AWKWARD), max_size=8).map("".join)
lines = texts.map(lambda text: " ".join(text.split()) or "x")
identifiers = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
names = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
constants = jsons.map(escape)
schemas = st.sampled_from([None, {}, {"type": "object"}, {"type": "object", "required": ["a"]}])


@st.composite
def procedures(draw: st.DrawFn) -> Procedure:
    """Valid procedures: every parameter is used, references go back."""
    parameters = draw(st.dictionaries(identifiers, st.fixed_dictionaries({"description": texts}), max_size=3))
    ids = draw(st.lists(identifiers, min_size=1, max_size=4, unique=True))
    steps = [draw(_steps(list(parameters), ids[:index], id_)) for index, id_ in enumerate(ids)]
    return Procedure(
        steps=tuple(steps),
        parameters=parameters,
        required=tuple(draw(st.lists(st.sampled_from(list(parameters)), unique=True))) if parameters else (),
        trigger=Trigger(
            tuple(draw(st.lists(texts, max_size=2))), draw(texts), tuple(draw(st.lists(texts, max_size=2)))
        ),
        verify=tuple(draw(st.lists(_checks(ids), max_size=2))),
        returns=[f"${{parameters.{name}}}" for name in parameters] + [draw(constants)],
        examples=(Example(draw(texts), dict.fromkeys(parameters, "x")),) if draw(st.booleans()) else (),
        provenance=Provenance(
            draw(st.sampled_from(["mined", "refined", "re-extracted", "written", "imported"])),
            tuple(draw(st.lists(texts, max_size=2))),
            draw(st.none() | texts),
            draw(st.integers(0, 9)),
        ),
    )


@st.composite
def _steps(draw: st.DrawFn, parameters: list[str], before: list[str], id_: str) -> Step:
    references = [f"${{parameters.{name}}}" for name in parameters] + [f"${{steps.{name}.a[0]}}" for name in before]
    values = constants | st.sampled_from([*references, *(f"x {reference} y" for reference in references), "z"])
    needs = tuple(draw(st.lists(st.sampled_from(before), unique=True))) if before else ()
    expect = draw(schemas)
    if draw(st.booleans()):
        schema = draw(st.none() | st.just({"type": "object", "properties": {"a": {"type": "string"}}}))
        prompt = " ".join(str(draw(values)) for _ in range(2)).replace("${", "$${")
        return Step(id_, prompt=prompt, output_schema=schema, expect=expect, needs=needs)
    each = draw(st.none() | st.sampled_from(references)) if references else None
    arguments: dict[str, Any] = draw(st.dictionaries(texts, values, max_size=3))
    if each is not None:
        arguments["each"] = "${item}"
    return Step(id_, draw(lines), arguments, for_each=each, expect=expect, needs=needs)


@st.composite
def _checks(draw: st.DrawFn, ids: list[str]) -> Check:
    value = f"${{steps.{draw(st.sampled_from(ids))}}}"
    if draw(st.booleans()):
        return Check(draw(lines), {"a": value} if draw(st.booleans()) else {}, expect=draw(schemas))
    return Check(value=draw(constants) or value, expect=draw(schemas))


prose = st.builds(
    Skill,
    name=names,
    description=lines,
    scope=st.none() | lines,
    version=st.integers(0, 10**6),
    body=texts.map(str.strip),
    license=st.none() | texts,
    compatibility=st.none() | texts,
    allowed_tools=st.none() | texts,
    metadata=st.dictionaries(texts.map(lambda key: f"k{key}"), texts, max_size=3),
)
"""Valid skills without a procedure."""

procedural = st.builds(Skill, name=names, description=lines, procedure=procedures(), scope=st.none() | lines)
"""Valid skills with one."""
