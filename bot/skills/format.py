"""A skill's folder between its bytes and the domain's value (FORMAT.md).

`SKILL.md` follows the Agent Skills standard; its frontmatter is read and judged by the standard's reference library
(PyPI `skills-ref`), so that what is valid here is valid everywhere.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from skills_ref.errors import ParseError  # type: ignore[import-untyped]  # the package ships no types
from skills_ref.parser import parse_frontmatter  # type: ignore[import-untyped]  # the same
from skills_ref.validator import validate_metadata  # type: ignore[import-untyped]  # the same

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Skill
from bot.domain.text import shorten
from bot.errors import SkillInvalid
from bot.skills import core_yaml, folder, procedure, validate, words
from bot.skills.schema import one_budget

SKILL_FILE = "SKILL.md"
PROCEDURE_FILE = "procedure.yaml"
MOST_BYTES = 256 * 1024
"""Of one file."""
MOST_PROBLEMS = 100
"""Told of one skill."""
LONGEST_NAME = 58
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""Of a skill, and so of its folder."""

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_.,;()/ ]*(?:-[A-Za-z0-9_.,;()/ ]+)*(?<! )")
_EXPECTED = {"license": "text", "allowed-tools": "text", "metadata": "a mapping from text to text"}
"""What the reference validator leaves unsaid."""

_SUBJECT = re.compile(r"Field '(\w+)'|(?:Skill|Directory) (name)|(Description|Compatibility) ")


class _Front(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    name: str
    description: str
    license: str | None = None
    compatibility: str | None = None
    allowed_tools: str | None = Field(None, alias="allowed-tools")
    metadata: dict[str, str] = {}


class _Problem(NamedTuple):
    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        told = f"{self.file}:{self.line}: {shorten(' '.join(self.sentence.split()), 400)}"
        return core_yaml.UNWANTED.sub("?", told)


def parse(folder_name: str, files: Mapping[str, bytes]) -> Skill:
    """The skill in a folder of this name with these files, by relative path.

    Raises SkillInvalid with every problem: `file:line: sentence`, in the order of the files.
    """
    problems = [_Problem(path, 1, wrong) for path in files if (wrong := folder.path_problem(path))]
    skill = Skill(folder_name, "")
    if SKILL_FILE in files:
        skill, found = _read_skill_file(folder_name, files[SKILL_FILE])
        problems += found
    else:
        problems.append(_Problem(SKILL_FILE, 1, "the file is missing: expected frontmatter with name and description"))
    if PROCEDURE_FILE in files:
        read, found = _read_procedure_file(skill, files[PROCEDURE_FILE])
        skill = replace(skill, procedure=read)
        problems += found
    if problems:
        told = list(dict.fromkeys(map(str, problems[:MOST_PROBLEMS])))
        raise SkillInvalid(*told, *([f"… and {rest} more"] if (rest := len(problems) - MOST_PROBLEMS) > 0 else []))
    return skill


def render(skill: Skill) -> dict[str, bytes]:
    """The files of a valid skill. The body of one with a procedure is written from it; `skill.body` is not looked at.

    `parse(skill.name, render(skill))` is the skill, with that body.
    """
    if skill.procedure is None:
        return {SKILL_FILE: _skill_file(skill, skill.body)}
    text = core_yaml.dump(procedure.written(skill.procedure))
    return {SKILL_FILE: _skill_file(skill, words.body(skill, skill.procedure)), PROCEDURE_FILE: text.encode()}


def _decoded(file: str, content: bytes) -> tuple[str, list[_Problem]]:
    if len(content) > MOST_BYTES:
        return "", [_Problem(file, 1, f"the file has {len(content)} bytes: expected at most {MOST_BYTES}")]
    if file == SKILL_FILE and content.startswith(BOM_UTF8):
        mark = "the file begins with a byte order mark, which the standard refuses: save it as UTF-8 without one"
        return "", [_Problem(file, 1, mark)]
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n"), []
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return "", [_Problem(file, line, "the file is no UTF-8 text")]


def _read_procedure_file(skill: Skill, content: bytes) -> tuple[Procedure | None, list[_Problem]]:
    text, problems = _decoded(PROCEDURE_FILE, content)
    if problems:
        return None, problems
    document = core_yaml.load(text)
    told = [_Problem(PROCEDURE_FILE, line, sentence) for line, sentence in document.problems]
    if document.value is None and told:
        return None, told
    read, found = procedure.read(document.value)
    with one_budget():
        found += validate.problems(read, skill.tool_name)
    placed = [_placed(document, place, sentence) for place, sentence in found]
    return read, sorted(told + placed, key=lambda problem: problem.line)


def _placed(document: core_yaml.Document, place: core_yaml.Place, sentence: str) -> _Problem:
    line = next((document.lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in document.lines), 1)
    where = ".".join(_told(document.value, place))
    return _Problem(PROCEDURE_FILE, line, f"{where}: {sentence}" if where else sentence)


def _told(value: JSON, place: core_yaml.Place) -> Iterator[str]:
    """The place in words: a step by its id where it has one."""
    for key in place:
        try:
            value = value[key]
        except (LookupError, TypeError):
            value = None
        name = value.get("id") if isinstance(key, int) and isinstance(value, dict) else None
        yield name if isinstance(name, str) and name else str(key)


def _read_skill_file(folder_name: str, content: bytes) -> tuple[Skill, list[_Problem]]:
    nothing = Skill(folder_name, "")
    text, problems = _decoded(SKILL_FILE, content)
    if problems:
        return nothing, problems
    hidden = enumerate(map(core_yaml.UNWANTED.search, text.split("\n")), 1)
    problems = [_Problem(SKILL_FILE, line, core_yaml.unwanted(found[0])) for line, found in hidden if found]
    written = text.split("---", 2)[1] if text.startswith("---") and text.count("---") > 1 else ""
    document = core_yaml.load(written)  # tells lines, and stands between hostile text and the reference's parser
    problems += [_Problem(SKILL_FILE, line, sentence) for line, sentence in document.problems]
    if problems:
        return nothing, problems
    try:
        metadata, body = parse_frontmatter(text)
    except ParseError as error:
        place = re.search(r"line (\d+)", str(error))
        sentence = re.sub(r'\s*in "<unicode string>", line \d+, column \d+:?', "", str(error))
        return nothing, [_Problem(SKILL_FILE, int(place[1]) if place else 1, sentence)]
    skill, found = _read_front(metadata, body, document.value)
    found += [(_subject(sentence), sentence) for sentence in validate_metadata(metadata, Path(folder_name))]
    lines = document.lines
    places = ((lines.get(("metadata", key)) or lines.get((key,)) or 1, sentence) for key, sentence in found)
    return skill or nothing, [_Problem(SKILL_FILE, line, sentence) for line, sentence in sorted(places)]


def _read_front(metadata: JSON, body: str, written: JSON) -> tuple[Skill | None, list[tuple[str, str]]]:
    """The skill without its procedure, and what is wrong: keys, each with a sentence."""
    try:
        front = _Front.model_validate(metadata)
    except ValidationError as error:
        keys = (str(detail["loc"][0]) for detail in error.errors(include_url=False))
        return None, [(key, f"{key}: expected {_EXPECTED[key]}") for key in keys if key in _EXPECTED]
    return _skill(front, body), list(_own_rules(front, written))


def _own_rules(front: _Front, written: JSON) -> Iterator[tuple[str, str]]:
    """What this format asks beyond the standard: a key, and a sentence."""
    if not NAME.fullmatch(front.name) or len(front.name) > LONGEST_NAME:
        yield "name", f"a skill's name is a-z, 0-9 and single hyphens between, at most {LONGEST_NAME} characters"
    for key, value in (written.get("metadata") or {}).items():
        if isinstance(value, dict | list):
            yield key, f"metadata.{key}: expected text, found {'a mapping' if isinstance(value, dict) else 'a list'}"
    if not front.metadata.get("scope", "everywhere").strip():
        yield "scope", "metadata.scope: expected a scope such as `slack:T1/C9`, or no such key for everywhere"
    if not re.fullmatch(r"[0-9]{1,9}", front.metadata.get("version", "1")):
        yield "version", "metadata.version: expected a whole number"


def _subject(sentence: str) -> str:
    """The key that a sentence of the reference validator is about."""
    found = _SUBJECT.match(sentence)
    return next(filter(None, found.groups()), "").lower() if found else ""


def _skill(front: _Front, body: str) -> Skill:
    version = front.metadata.get("version", "1")
    return Skill(
        name=front.name,
        description=front.description,
        scope=front.metadata.get("scope"),
        version=int(version) if version.isdecimal() else 1,
        body=body,
        license=front.license,
        compatibility=front.compatibility,
        allowed_tools=front.allowed_tools,
        metadata={key: value for key, value in front.metadata.items() if key not in ("scope", "version")},
    )


def _skill_file(skill: Skill, body: str) -> bytes:
    front = {
        "name": skill.name,
        "description": skill.description,
        "license": skill.license,
        "compatibility": skill.compatibility,
        "allowed-tools": skill.allowed_tools,
    }
    scope = {} if skill.scope is None else {"scope": skill.scope}
    metadata = {**scope, "version": str(skill.version), **skill.metadata}
    lines = [f"{key}: {_scalar(value)}" for key, value in front.items() if value is not None]
    lines += ["metadata:", *(f"  {_scalar(key)}: {_scalar(value)}" for key, value in metadata.items())]
    return "\n".join(["---", *lines, "---", "", body, ""]).encode()


def _scalar(text: str) -> str:
    """A text as block YAML that every reader takes for this text, without the `---` that ends a frontmatter."""
    if _BARE.fullmatch(text) and not core_yaml.misread(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False).replace("--", "\\x2d\\x2d")
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)
