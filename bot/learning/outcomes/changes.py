"""Calls read as data: the commands that were run and the texts that were written, with what stood there before."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.json import JSON
from bot.learning.outcomes.record import Call

_RUNS = re.compile(r"(?:^|[_\W])(?:run|exec|execute|bash|shell|sh|command|terminal|cmd)(?:[_\W]|$)", re.IGNORECASE)
_COMMAND = frozenset(["command", "cmd", "commands", "script", "args", "argv"])
_PATH = frozenset(["path", "file", "file_path", "filepath", "filename", "file_name", "target_file", "target"])
_BEFORE = frozenset(["old_str", "old_string", "old_text", "old", "search", "before", "find"])
_AFTER = frozenset(["new_str", "new_string", "new_text", "new", "replace", "replacement", "after"])
_WHOLE = frozenset(["content", "contents", "file_text", "text", "body", "code"])
_DELETES = re.compile(r"(?:^|_)(?:delete|remove|rm|unlink)(?:_|$)")
_SCRIPT = re.compile(r"\.(?:sh|bash|zsh|ya?ml)$|(?:^|/)(?:Makefile|Dockerfile|justfile|\.ci/\w+)$", re.IGNORECASE)
_TEST = re.compile(
    r"(?:^|/)tests?/|(?:^|/)__tests__/|(?:^|/)test_[^/]*$|_test\.\w+$|\.(?:test|spec)\.\w+$|Tests?\.\w+$"
)
_PROSE = re.compile(r"\.(?:md|rst|txt|adoc|html?|csv|log)$", re.IGNORECASE)
_READS = re.compile(r"(?:^|_)(?:read|get|open|view|show|cat)(?:_|$)")
_CHECK = r"(?:checks?|tests?|lint(?:er)?|hooks?|guards?|verify|verification|validation|protection)"
_CHECKS = re.compile(rf"(?:^|_){_CHECK}(?:_|$)")
_SKIPS = re.compile(rf"(?:^|_)(?:disable|skip|bypass|ignore|no|turn_off|switch_off)_(?:\w{{1,40}}_)?{_CHECK}(?:_|$)")
_IN_FORCE = frozenset(["enabled", "active", "required", "enforced", "strict", "on"])
LONGEST = 200_000
"""Characters of a text that are looked at."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A text that was written to a file. `before`: what stood there, None where nobody knows; `deleted`: it is gone."""

    path: str
    after: str
    before: str | None = None
    deleted: bool = False

    @property
    def is_test(self) -> bool:
        """Whether the file holds tests, by its path."""
        return is_test(self.path)

    @property
    def is_code(self) -> bool:
        """Whether what stands in it is not just told to readers."""
        return _PROSE.search(self.path) is None

    @property
    def new_lines(self) -> str:
        """The lines that did not stand there before."""
        old = set((self.before or "").splitlines())
        return "\n".join(line for line in self.after.splitlines() if line not in old)

    def gained(self, pattern: re.Pattern[str]) -> bool:
        """Whether a pattern is found more often than before."""
        return len(pattern.findall(self.after)) > len(pattern.findall(self.before or ""))


@dataclass(frozen=True, slots=True)
class Changes:
    """What a task ran and wrote, in order. `expected`: what commands printed and what test files say.

    `switched_off`: the tools by which it took a check out of force, such as `set_check(enabled=false)`.
    """

    commands: tuple[str, ...]
    edits: tuple[Edit, ...]
    expected: str = ""
    switched_off: tuple[str, ...] = ()


def is_test(path: str) -> bool:
    """Whether a file of this path holds tests."""
    return _TEST.search(path) is not None


def changes(calls: Sequence[Call]) -> Changes:
    """Read the calls. What is looked for, read or said is neither run nor written."""
    commands: list[str] = []
    edits: list[Edit] = []
    files: dict[str, str] = {}
    printed: list[str] = []
    for call in calls:
        ran = list(_commands(call))
        found = list(_edits(call, files))
        commands += ran + [edit.after for edit in found if _SCRIPT.search(edit.path)]
        edits += found
        for edit in found:
            files[edit.path] = _applied(edit, files.get(edit.path))
        printed += [str(call.result)] if ran else []
        if isinstance(call.result, str) and not call.failed:
            files |= dict.fromkeys(_read(call), call.result)
    tests = [text for path, text in files.items() if is_test(path)]
    off = tuple(call.tool for call in calls if _switches_off(call))
    return Changes(tuple(commands), tuple(edits), "\n".join([*printed, *tests])[:LONGEST], off)


def _switches_off(call: Call) -> bool:
    """Whether a call takes a check out of force, by the name of its tool or of one of its arguments."""
    tool = call.tool.lower()
    if call.failed or _READS.search(tool):
        return False
    given = [(name.lower(), value) for name, value in call.arguments.items()]
    lifted = any(name in _IN_FORCE and value in (False, "false", "off") for name, value in given)
    skipped = any(_SKIPS.search(name) and value in (True, "true") for name, value in given)
    return _SKIPS.search(tool) is not None or skipped or (lifted and _CHECKS.search(tool) is not None)


def _applied(edit: Edit, known: str | None) -> str:
    """The file's text behind an edit, as far as it is known."""
    if edit.before in (None, known) or known is None:
        return edit.after
    return known.replace(edit.before or "", edit.after, 1)


def _read(call: Call) -> list[str]:
    path = _named(call.arguments, _PATH)
    return [path] if path and _READS.search(call.tool) else []


def _commands(call: Call) -> Iterator[str]:
    runs = _RUNS.search(call.tool) is not None
    for name, value in call.arguments.items():
        if not (runs or name.lower() in _COMMAND) or name.lower() in _PATH:
            continue
        if isinstance(value, str):
            yield value[:LONGEST]
        elif isinstance(value, list) and all(isinstance(part, str) for part in value):
            yield " ".join(value)[:LONGEST]


def _edits(call: Call, files: Mapping[str, str]) -> Iterator[Edit]:
    path = _named(call.arguments, _PATH)
    if not path or _READS.search(call.tool):
        return
    if _DELETES.search(call.tool):
        yield Edit(path, "", files.get(path), deleted=True)
        return
    whole, after = _named(call.arguments, _WHOLE), _named(call.arguments, _AFTER)
    if after is not None:
        yield Edit(path, after[:LONGEST], (_named(call.arguments, _BEFORE) or "")[:LONGEST])
    elif whole is not None:
        yield Edit(path, whole[:LONGEST], files.get(path))


def _named(arguments: Mapping[str, JSON], names: frozenset[str]) -> str | None:
    """The text among the arguments that has one of these names."""
    return next((value for name, value in arguments.items() if name.lower() in names and isinstance(value, str)), None)
