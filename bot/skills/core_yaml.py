"""YAML 1.2 with the core schema as skills use it: values that JSON can carry, each with its line.

ruamel.yaml parses and emits. What its loaders would accept and the format does not (aliases, tags, dates, duplicate
keys, keys that are no text) is settled here, on its events, so that every problem is told with its line.
"""

import io
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from bot.domain.json import JSON

DEEPEST = 40
"""Lists and mappings inside one another."""

Place = tuple[str | int, ...]
"""Keys and indices from the root to a value."""

UNWANTED = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufffe\\uffff]"
)
"""Control and bidirectional characters, and what is no character: nothing that a reader can see."""

_PLAIN: tuple[tuple[re.Pattern[str], Callable[[str], JSON]], ...] = (
    (re.compile(r"|~|null|Null|NULL"), lambda _: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text, 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda _: math.inf),
)
"""The core schema, YAML 1.2.2 section 10.3.2."""
_TEXT_TAG = "tag:yaml.org,2002:str"
_MISREAD = re.compile(r"[-+.0-9=<~]|$")
"""How numbers, dates, times and special keys begin."""
_WORDS_OF_OLD = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
"""What YAML 1.1 readers take for something else than text."""


@dataclass(slots=True)
class Document:
    """The value of a text, the line (from 1) of each place in it, and its problems: a line and a sentence each."""

    value: JSON = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)


class _Hopeless(Exception):
    """Reading cannot go on behind this line."""


def load(text: str) -> Document:
    """Read one document. Never raises: a text that does not parse has the value None and a problem."""
    document = Document()
    for number, line in enumerate(text.split("\n"), 1):
        if hidden := UNWANTED.search(line):
            document.problems.append((number, unwanted(hidden[0])))
    reader = _Reader(document)
    try:
        for event in YAML(typ="safe", pure=True).parse(UNWANTED.sub("?", text)):
            reader.take(event)
    except (_Hopeless, YAMLError, ValueError, OverflowError) as error:
        document.problems.append(_told(error, reader.line))
        document.value = None
    return document


def _told(error: Exception, line: int) -> tuple[int, str]:
    if isinstance(error, _Hopeless):
        return line, str(error)
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return mark.line + 1 if mark else line, f"this is no YAML: {error.problem or error.context}"
    return line, f"this is no YAML: {error}"


def unwanted(char: str) -> str:
    """The sentence about a character of UNWANTED."""
    return f"the character U+{ord(char):04X} cannot be seen: expected no control or bidirectional characters"


class _Reader:
    """Builds a document from events, without recursion."""

    def __init__(self, document: Document) -> None:
        self.line = 1
        self._document = document
        self._open: list[tuple[JSON, Place]] = []
        self._key: list[str | None] = []
        self._documents = 0

    def take(self, event: Event) -> None:
        self.line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            self._start(event)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._check_tag(event)
            self._descend({} if isinstance(event, MappingStartEvent) else [])
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._open.pop()
            self._key.pop()
        elif isinstance(event, AliasEvent):
            self._problem("aliases are not part of the format: write the value out")
            self._put_scalar("", None)
        elif isinstance(event, ScalarEvent):
            self._check_tag(event)
            self._put_scalar(event.value, self._scalar(event))

    def _start(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _Hopeless("a second document begins: expected one")
        if event.version not in (None, (1, 2)) or event.tags:
            self._problem("expected YAML 1.2, without directives")

    def _check_tag(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> None:
        if event.tag not in (None, "!", _TEXT_TAG):
            self._problem(f"the tag {event.tag[:40]!r} is not part of the format: expected none")

    def _problem(self, sentence: str) -> None:
        self._document.problems.append((self.line, sentence))

    def _descend(self, container: JSON) -> None:
        if len(self._open) == DEEPEST:
            raise _Hopeless(f"nested too deeply: expected at most {DEEPEST} levels")
        if self._open and isinstance(self._open[-1][0], dict) and self._key[-1] is None:
            raise _Hopeless("a list or a mapping is no key: expected text")
        path = self._put(container)
        self._open.append((container, path))
        self._key.append(None)

    def _put_scalar(self, text: str, value: JSON) -> None:
        if hidden := UNWANTED.search(text):
            self._problem(unwanted(hidden[0]))
            text, value = UNWANTED.sub("?", text), UNWANTED.sub("?", text)
        if not self._open or isinstance(self._open[-1][0], list) or self._key[-1] is not None:
            self._put(value)
            return
        container, path = self._open[-1]
        if text in container:
            self._problem(f"the key `{text[:60]}` stands twice in one mapping")
        self._key[-1] = text
        self._document.lines[(*path, text)] = self.line

    def _put(self, value: JSON) -> Place:
        if not self._open:
            self._document.value = value
            self._document.lines[()] = self.line
            return ()
        container, path = self._open[-1]
        if isinstance(container, list):
            container.append(value)
            place = (*path, len(container) - 1)
            self._document.lines[place] = self.line
            return place
        key = self._key[-1] or ""
        container[key], self._key[-1] = value, None
        return (*path, key)

    def _scalar(self, event: ScalarEvent) -> JSON:
        text: str = event.value
        if event.tag is not None or not event.implicit[0]:
            return text
        try:
            value = plain(text)
        except ValueError:
            value = math.inf
        if isinstance(value, float) and not math.isfinite(value):
            self._problem(f"`{text[:40]}` is no number that JSON can carry")
            return None
        return value


def plain(text: str) -> JSON:
    """What an unquoted scalar means. Raises ValueError for numbers of thousands of digits."""
    for pattern, reading in _PLAIN:
        if pattern.fullmatch(text):
            return reading(text)
    return text


def misread(text: str) -> bool:
    """Whether some reader of YAML, new or old, takes this unquoted text for something else."""
    return text.lower() in _WORDS_OF_OLD or _MISREAD.match(text) is not None


def dump(value: JSON) -> str:
    """Write a value so that `load` gives it back, and so that readers of YAML 1.1 read the same."""
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 1_000_000
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(_styled(value), stream)
    return stream.getvalue()


def _styled(value: JSON) -> JSON:
    if isinstance(value, str):
        return _styled_text(value)
    if isinstance(value, Mapping):
        return {_styled(key): _styled(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_styled(inner) for inner in value]
    return value


def _styled_text(text: str) -> JSON:
    if misread(text) or not text.replace("\n", "").isprintable():
        return DoubleQuotedScalarString(text)
    return LiteralScalarString(text) if "\n" in text else text
