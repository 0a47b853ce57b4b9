"""What `render` writes, `parse` reads back, and the standard's own validator accepts; broken files tell everything."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import skills_ref
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.skill import Skill
from bot.errors import SkillInvalid
from bot.skills import words
from bot.skills.core_yaml import dump
from bot.skills.format import MOST_BYTES, MOST_PROBLEMS, parse, render
from tests.skills.made import ORDERS, jsons, procedural, prose, skill_files


def problems(files: dict[str, bytes], name: str = "customer-orders") -> list[str]:
    with pytest.raises(SkillInvalid) as caught:
        parse(name, files)
    return list(caught.value.problems)


@given(prose | procedural)
@example(Skill("a", "b\u2028 c"))
def test_parse_reads_what_render_writes(skill: Skill) -> None:
    body = skill.body if skill.procedure is None else words.body(skill, skill.procedure)
    assert parse(skill.name, render(skill)) == replace(skill, body=body)


@given(prose | procedural)
def test_the_reference_validator_accepts_what_render_writes(skill: Skill) -> None:
    with TemporaryDirectory() as home:
        folder = Path(home) / skill.name
        folder.mkdir()
        for path, content in render(skill).items():
            (folder / path).write_bytes(content)
        assert skills_ref.validate(folder) == []
        read = skills_ref.read_properties(folder)
        assert (read.name, read.description) == (skill.name, skill.description)


@given(procedural)
def test_render_is_stable(skill: Skill) -> None:
    files = render(skill)
    assert render(parse(skill.name, files)) == files


def test_the_written_example_parses() -> None:
    skill = parse("customer-orders", skill_files())
    assert skill.procedure is not None
    assert [step.id for step in skill.procedure.steps] == ["user", "orders", "summary"]
    assert skill.procedure.steps[1].for_each == "${steps.user.orders}"
    assert skill.procedure.provenance.tasks == ("01J2ABC", "01J3DEF")
    assert (skill.body, skill.tool_name) == ("Words.", "skill_customer_orders")


def test_prose_alone_is_a_skill() -> None:
    metadata = "metadata:\n  scope: slack:T1/C9\n  version: 3\n  a: b\n"
    text = f"---\nname: tone\ndescription: How we write.\n{metadata}---\nBe kind.\n"
    skill = parse("tone", {"SKILL.md": text.encode(), "notes/more.md": b"x"})
    assert skill == Skill("tone", "How we write.", scope="slack:T1/C9", version=3, body="Be kind.", metadata={"a": "b"})


def test_windows_line_ends_are_read_and_a_byte_order_mark_where_the_standard_has_one() -> None:
    files = {path: content.replace(b"\n", b"\r\n") for path, content in skill_files().items()}
    files["procedure.yaml"] = b"\xef\xbb\xbf" + files["procedure.yaml"]
    assert parse("customer-orders", files) == parse("customer-orders", skill_files())
    files["SKILL.md"] = b"\xef\xbb\xbf" + files["SKILL.md"]
    assert problems(files)[0].startswith("SKILL.md:1: the file begins with a byte order mark, which the standard")


def front(**values: str) -> str:
    keys = {"name": "customer-orders", "description": "Tells."} | values
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in keys.items()) + "---\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no frontmatter", "SKILL.md:1: SKILL.md must start with YAML frontmatter"),
        ("---\nname: x\n", "SKILL.md:1: SKILL.md frontmatter not properly closed"),
        ("---\n- a\n---\n", "SKILL.md:1: SKILL.md frontmatter must be a YAML mapping"),
        ("---\nname: customer-orders\n---\n", "SKILL.md:1: Missing required field in frontmatter: description"),
        (front(description='""'), "SKILL.md:3: Field 'description' must be a non-empty string"),
        (front(description="x" * 1025), "SKILL.md:3: Description exceeds 1024 character limit"),
        (front(compatibility="x" * 501), "SKILL.md:4: Compatibility exceeds 500 character limit"),
        (front(colour="red"), "SKILL.md:1: Unexpected fields in frontmatter: colour"),
        (front(metadata="{a: b}"), "SKILL.md:4: Invalid YAML in frontmatter: While scanning"),
        (front(metadata="\n  scope: ' '"), "SKILL.md:5: metadata.scope: expected a scope"),
        (front(metadata="\n  version: two"), "SKILL.md:5: metadata.version: expected a whole number"),
        (front(metadata="\n  a:\n    b: c"), "SKILL.md:5: metadata.a: expected text, found a mapping"),
        (front(metadata="text"), "SKILL.md:4: metadata: expected a mapping from text to text"),
        (front(license="\n  - MIT"), "SKILL.md:4: license: expected text"),
        (front(description="a\n  b: c"), "SKILL.md:4: this is no YAML"),
        (front(description="a\ndescription: b"), "SKILL.md:4: the key `description` stands twice"),
        (front(description="[" * 100_000), "SKILL.md:3: nested too deeply"),
        (front() + "\n\u202eevil", "SKILL.md:6: the character U+202E cannot be seen"),
        (front(description='"\\u202e"'), "SKILL.md:3: the character U+202E cannot be seen"),
        (front() + "x" * MOST_BYTES, "SKILL.md:1: the file has"),
    ],
)
def test_a_bad_skill_file_is_told(text: str, told: str) -> None:
    found = problems(skill_files(front=text))
    assert len(found) == 1
    assert found[0].startswith(told)
    assert len(found[0]) < 450


@pytest.mark.parametrize("name", ["customer_orders", "Customer", "a--b", "-a", "a-", "é", "a" * 59, "a b"])
def test_a_bad_name_is_told(name: str) -> None:
    assert any(told.startswith("SKILL.md:2: ") for told in problems(skill_files(front=front(name=f'"{name}"')), name))


def test_a_name_that_is_not_its_folders_is_told() -> None:
    assert problems(skill_files(), "other") == [
        "SKILL.md:2: Directory name 'other' must match skill name 'customer-orders'"
    ]


def test_a_folder_without_skill_file_is_told() -> None:
    assert problems({"procedure.yaml": ORDERS.encode()})[0].startswith("SKILL.md:1: the file is missing")


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/../../b", "a\\b", "", "a\0b"])
def test_a_path_that_leaves_the_folder_is_told(path: str) -> None:
    (told,) = problems(skill_files() | {path: b""})
    assert "leaves the skill's folder" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("format: 1\n", "format: 2\n", "1: format: expected at most 1, found 2"),
        ("format: 1\n", "", "1: format: the key `format` is missing"),
        ("format: 1\n", "format: true\n", "1: format: expected a whole number, found true"),
        ("required: [user_id]", "required: [user_id, 5]", "7: required.1: expected text, found 5"),
        (
            "required: [user_id]",
            "required: [user_id, who]",
            "7: required.1: `who` is no parameter: expected one of `user_id`",
        ),
        ("required: [user_id]", "require: [user_id]", "7: require: unknown key: expected one of format, parameters"),
        ("    type: string\n", "    type: strin\n", "3: parameters.user_id: no JSON Schema"),
        ("    type: string\n", "    $ref: '#/x'\n", "3: parameters.user_id: `$ref` has nothing to point at"),
        ("[ana_smith_1234]", "[1234]", "6: parameters.user_id.examples.0: the value does not fit"),
        ("[ana_smith_1234]", "[a]\n    default: 5", "7: parameters.user_id.default: the value does not fit"),
        ("  user_id:\n", "  User-Id: {}\n  user_id:\n", "3: parameters.User-Id: a parameter's name is lower-case"),
        ("  user_id:\n", "  spare: {}\n  user_id:\n", "3: parameters.spare: no expression uses the parameter"),
        ("keywords: [order", "keywords: [yes, 2024-01-01, 1:30, 7", "9: trigger.keywords.3: expected text, found 7"),
        ('examples: ["What', 'examples: [5, "What', "11: trigger.examples.0: expected text, found 5"),
        ("  - id: user\n", "  - id: User\n", "13: steps.User.id: a step's id is lower-case"),
        ("  - id: orders\n", "  - id: user\n", "18: steps.user.id: the id `user` stands twice"),
        ("    tool: get_user_details\n", "", "13: steps.user: expected exactly one of `tool` and `prompt`, found none"),
        (
            "    prompt: |",
            "    tool: x\n    prompt: |",
            "22: steps.summary: expected exactly one of `tool` and `prompt`, found both",
        ),
        ("    tool: get_user_details\n", "    tool: [a]\n", "14: steps.user.tool: expected text, found a list"),
        ("    tool: get_user_details\n", "    tool: ' '\n", "14: steps.user.tool: expected the name of a tool"),
        ("tool: get_order_details", "tool: skill_customer_orders", "20: steps.orders.tool: a skill cannot call itself"),
        (
            "    tool: get_order_details\n",
            "    colour: red\n    tool: x\n",
            "20: steps.orders.colour: unknown key: expected one of id",
        ),
        ("${steps.user.orders}", "${steps.usr.orders}", "19: steps.orders.for_each: ${steps.usr.orders} names no step"),
        (
            "${steps.user.orders}",
            "${steps.orders.a}",
            "19: steps.orders.for_each: ${steps.orders.a} names no step that comes before",
        ),
        (
            "${steps.user.orders}",
            "${steps.user.orders",
            "19: steps.orders.for_each: `${steps.user.orders` is never closed",
        ),
        ("${steps.user.orders}", "x ${steps.user.orders}", "19: steps.orders.for_each: expected exactly one `${…}`"),
        ("${steps.user.orders}", "${item.orders}", "19: steps.orders.for_each: ${item.orders}: `item` is only there"),
        (
            "${steps.user.orders}",
            "${steps.user.orders[}",
            "19: steps.orders.for_each: ${steps.user.orders[} is no JMESPath",
        ),
        (
            '{order_id: "${item}"}',
            '{a: [1, "${parameters.who}"], b: "${item}"}',
            "21: steps.orders.with.a.1: ${parameters.who} names no parameter",
        ),
        (
            'with: {user_id: "${parameters.user_id}"}',
            'with: {a: "${item}"}',
            "15: steps.user.with.a: ${item}: `item` is",
        ),
        ("    prompt: |\n", "    needs: [later]\n    prompt: |\n", "23: steps.summary.needs.0: `later` is no step"),
        (
            "    prompt: |\n",
            "    for_each: '${steps.orders}'\n    prompt: |\n",
            "23: steps.summary.for_each: `for_each` stands in a step that has no `tool`",
        ),
        (
            "    prompt: |\n",
            "    with: {a: 1}\n    prompt: |\n",
            "23: steps.summary.with: `with` stands in a step that has no `tool`",
        ),
        (
            "    output_schema: {type: object,",
            "    output_schema: {",
            "26: steps.summary.output_schema: expected `type: object`",
        ),
        (
            "    expect:\n      schema: {type: object,",
            "    expect:\n      schema: {type: thing,",
            "17: steps.user.expect.schema: no JSON Schema",
        ),
        (
            "    expect:\n      schema:",
            "    expect:\n      scheme:",
            "16: steps.user.expect.schema: the key `schema` is missing",
        ),
        (
            "  - value: ",
            "  - tool: x\n    value: ",
            "31: verify.1: expected exactly one of `tool` and `value`, found both",
        ),
        (
            '  - value: "${steps.summary.answer}"',
            '  - value: "${item}"',
            "31: verify.1.value: ${item}: `item` is only there",
        ),
        ('returns: "${steps.summary', 'returns: "${steps.sum', "33: returns: ${steps.sum.answer} names no step"),
        ("    parameters: {user_id: ana", "    parameters: {user: ana", "36: examples.0.parameters"),
        (
            "    parameters: {user_id: ana_smith_1234}",
            "    parameters: {user_id: 5}",
            "36: examples.0.parameters.user_id: the value does not fit",
        ),
        (
            "  origin: mined",
            "  origin: stolen",
            "38: provenance.origin: expected 'mined', 'refined', 're-extracted', 'written' or 'imported'",
        ),
        ("  refined: 0", "  refined: -1", "41: provenance.refined: expected at least 0, found -1"),
        ("[01J2ABC, ", "[&a 01J2ABC, *a, ", "39: aliases are not part of the format"),
        ("  refined: 0", "  refined: 0\n  refined: 0", "42: the key `refined` stands twice in one mapping"),
        ("  refined: 0", "  refined: !!int 0", "41: the tag 'tag:yaml.org,2002:int' is not part of the format"),
        ("  refined: 0", "  refined: .nan", "41: `.nan` is no number that JSON can carry"),
        ("  refined: 0", "  refined: 0\n---\na: b", "42: a second document begins"),
        ("  refined: 0", "  refined: 0\n ]", "42: this is no YAML"),
        ("  refined: 0", "  refined: 0\n  ? [a]\n  : b", "42: a list or a mapping is no key"),
        ("format: 1", "%YAML 1.1\n---\nformat: 1", "2: expected YAML 1.2, without directives"),
        ("What did ana", "What \u2066did ana", "11: the character U+2066 cannot be seen"),
        ("Say in two", "Say\x07in two", "24: the character U+0007 cannot be seen"),
        ("The customer's id", '"\\x00"', "5: the character U+0000 cannot be seen"),
    ],
)
def test_a_bad_procedure_is_told(old: str, new: str, told: str) -> None:
    assert old in ORDERS
    found = problems(skill_files(ORDERS.replace(old, new, 1)))
    assert any(problem.startswith(f"procedure.yaml:{told}") for problem in found), found


def test_every_problem_is_told_at_once() -> None:
    broken = ORDERS.replace("format: 1", "format: 2").replace("required: [user_id]", "required: [who]")
    broken = broken.replace("tool: get_order_details", "colour: red").replace("${steps.orders}", "${steps.later.x}")
    found = problems(skill_files(broken, front(colour="red")), "other")
    assert [problem.split(": ")[1] for problem in found] == [
        "Unexpected fields in frontmatter",
        "Directory name 'other' must match skill name 'customer-orders'",
        "format",
        "required.0",
        "steps.orders",
        "steps.orders.for_each",
        "steps.orders.colour",
        "steps.orders.with",
        "steps.summary.prompt",
    ]


def test_a_literal_uses_no_parameter_and_a_broken_expression_may() -> None:
    text = "format: 1\nparameters: {{a: {{}}}}\nsteps: [{{id: s, tool: x, with: {{v: '{}'}}}}]\n"
    (told,) = problems(skill_files(text.format("$${parameters.a}")))
    assert "no expression uses the parameter" in told
    (told,) = problems(skill_files(text.format("${parameters.a |}")))
    assert "no JMESPath" in told


def test_a_text_that_does_not_parse_is_not_judged_further() -> None:
    assert problems(skill_files("format: 1\nsteps: 5\n- a")) == [
        "procedure.yaml:3: this is no YAML: expected <block end>, but found '-'"
    ]
    assert problems(skill_files("format: 1\nsteps: 5")) == ["procedure.yaml:2: steps: expected a list, found 5"]


def test_a_cycle_is_told() -> None:
    circle = """\
format: 1
steps:
  - {id: a, tool: x, needs: [c]}
  - {id: b, tool: x, with: {v: "${steps.a}"}}
  - {id: c, tool: x, with: {v: "${steps.b}"}}
"""
    assert problems(skill_files(circle)) == [
        "procedure.yaml:2: steps: steps wait for one another, a → c → b → a: expected an order without a cycle"
    ]


@pytest.mark.parametrize(
    "text", ["", "~", "[]", "5", "text", "- a", "steps: 5", "steps: []", "steps: [5]", "steps: [[]]"]
)
def test_what_is_no_procedure_is_told(text: str) -> None:
    assert all(problem.startswith("procedure.yaml:1: ") for problem in problems(skill_files(text)))


def test_a_file_that_is_too_large_or_no_text_is_told() -> None:
    assert problems(skill_files("#" * (MOST_BYTES + 1)))[0].endswith(f"expected at most {MOST_BYTES}")
    assert problems(skill_files() | {"procedure.yaml": b"format: 1\nsteps: \xff"}) == [
        "procedure.yaml:2: the file is no UTF-8 text"
    ]


HOSTILE = ["[" * 200_000, "{" * 200_000, "a: " * 80_000, "- " * 100_000, "[a," * 60_000, "&a " * 80_000, "'" * 200_000]
HOSTILE += [
    "!" * 200_000,
    "steps: [" + "a, " * 20_000 + "]",
    "k: &a [x]\n" + "".join(f"k{n}: *a\n" for n in range(10_000)),
]
HOSTILE += ["format: 1\nsteps:\n" + "".join(f" - {{id: s{n}, tool: x, needs: [s{n + 1}]}}\n" for n in range(5_000))]
HOSTILE += [
    "format: 1\nparameters:\n a:\n  allOf: ["
    + "{minLength: 1}, " * 1_500
    + "]\n  examples: ["
    + "aa, " * 10_000
    + "]\nsteps: [{id: a, tool: x}]\n"
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_told_soon_and_shortly(text: str) -> None:
    found = problems(skill_files(text))
    assert len(found) <= MOST_PROBLEMS + 1
    assert all(len(problem) < 500 for problem in found)


@given(st.text(alphabet="abs: \n-[]{}'\"|>#&*!%?,0.~$\t<", max_size=60))
def test_no_text_raises_anything_else(text: str) -> None:
    for files in (skill_files(text), skill_files(front=f"---\n{text}\n---\n"), skill_files(front=text)):
        with suppress(SkillInvalid):
            parse("customer-orders", files)


@given(st.data())
def test_no_mutation_of_a_procedure_raises_anything_else(data: st.DataObject) -> None:
    lines = ORDERS.split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(st.sampled_from([*lines, "", "  - 5", "  x: [1, {y: null}]", "    with: 3", "  - {}"]))
        lines[at : at + data.draw(st.integers(0, 1))] = [other]
    with suppress(SkillInvalid):
        parse("customer-orders", skill_files("\n".join(lines)))


@given(
    jsons.filter(lambda value: isinstance(value, dict)), st.sampled_from(["steps", "verify", "trigger", "parameters"])
)
def test_no_shape_raises_anything_else(value: dict[str, Any], key: str) -> None:
    keys = ["id", "tool", "with", "prompt", "needs", "expect", "schema", "format", "parameters", "for_each", "examples"]
    odd = {keys[len(name) % len(keys)]: inner for name, inner in value.items()}
    for shape in ({**odd, "format": 1, "steps": [odd]}, {key: [odd], "steps": odd}, {key: odd}, {key: {"x": odd}}):
        with suppress(SkillInvalid):
            parse("customer-orders", skill_files(dump(shape)))
