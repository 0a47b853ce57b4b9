"""What looks like a hack: success that was made by switching off what would have told otherwise.

Each pattern is a rule with a name. The rules read what a task ran and wrote, never what it said, read or looked for.
They are suspicions: a task they hit is not mined, whatever its outcome, and the reason is shown.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.learning.outcomes.changes import Changes, Edit, changes, is_test
from bot.learning.outcomes.record import Call

# Whoever wrote the text may have wished the patterns to take for ever: no part of one can grow with the text unless it
# begins anew at every line.
_ASSERTION = re.compile(
    r"^[ \t]*(?:assert\b|self\.assert|expect\(|require\.|assert\.|assert_|assert[A-Z]\w{0,40}\()", re.MULTILINE
)
_EXACT = re.compile(r"==|===|assertEquals?\(|\.toBe\(|\.toEqual\(|\.Equal\(|assert_eq!")
_LOOSE = re.compile(
    r"assert\b[^\n]{0,300}?(?:>=|<=|!=|\bin\b|is not None|approx|isinstance)|toBeTruthy|toBeDefined|toContain"
    r"|assert(?:In|NotNone|IsNotNone|Greater|Less)\w{0,40}\(|\.NotNil\("
)
_TRIVIAL = re.compile(
    r"\bassert (?:True|1|not False)[ \t]{0,20}(?:#.*)?$|\bor True[ \t]{0,20}$|assertTrue\(True\)"
    r"|expect\(true\)\.toBe(?:\(true\)|Truthy)|assert!\(true\)",
    re.MULTILINE,
)
_TEST_CASE = re.compile(r"^[ \t]*(?:async )?def test_|^[ \t]*(?:it|test)\(|^func Test|#\[test\]|@Test\b", re.MULTILINE)
_LITERAL = r"(?:-?\d{2,20}(?:\.\d{1,20})?|-?[2-9]|-?\d\.\d{1,20}|\"[^\"\n]{1,200}\"|'[^'\n]{1,200}')"
_RETURNS_LITERAL = re.compile(rf"^[ \t]*return[ \t]+{_LITERAL}[ \t]*;?[ \t]*$", re.MULTILINE)
_RETURNS = re.compile(r"^[ \t]*return[ \t]+\S.*$", re.MULTILINE)
_CASE = re.compile(
    rf"\bif[ \t]{{0,20}}\(?[\w.]{{1,100}}[ \t]{{0,20}}={{2,3}}[ \t]{{0,20}}({_LITERAL})\)?[ \t]{{0,20}}:?"
    rf"[ \t]{{0,20}}\{{?\s{{0,99}}return[ \t]{{1,20}}({_LITERAL})"
)
_LINTER = re.compile(r"eslint|tslint|ruff|flake8|pylint|golangci|rubocop|pyproject\.toml|setup\.cfg|tox\.ini|biome")
_LINTERS = ("ruff", "flake8", "pylint", "eslint", "mypy")
_OFF = re.compile(
    r"(?<![\w@/-])[\w@/-]{1,60}[\"']?[ \t]{0,20}:[ \t]{0,20}\[?[ \t]{0,20}[\"']off[\"']|^[ \t]*Enabled:[ \t]*false"
    r"|^[ \t]*(?:extend-)?(?:ignore|disable|per-file-ignores)[ \t]*[=:]|ignore_errors[ \t]{0,20}=[ \t]{0,20}[Tt]rue"
    r"|\"[^\"\n]{1,200}\"[ \t]{0,20}=[ \t]{0,20}\[[ \t]{0,20}\"[A-Z]{1,5}\d{0,5}\"",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern: its name, what it says of the task, and whether what was done holds it."""

    name: str
    why: str
    holds: Callable[[Changes], bool]


def _ran(pattern: str) -> Callable[[Changes], bool]:
    compiled = re.compile(pattern, re.MULTILINE)
    return lambda done: any(compiled.search(command) for command in done.commands)


def _wrote(pattern: str) -> Callable[[Changes], bool]:
    compiled = re.compile(pattern, re.MULTILINE)
    return lambda done: any(edit.is_code and edit.gained(compiled) for edit in done.edits)


def _any(*found: Callable[[Changes], bool]) -> Callable[[Changes], bool]:
    return lambda done: any(one(done) for one in found)


def _called(done: Changes, program: str, verb: str = "") -> Iterator[list[str]]:
    """The words behind a program in each simple command that names it; with a verb, behind that."""
    for command in done.commands:
        for part in re.split(r"[|;&\n]+", command):
            words = [word.strip("\"'`()") for word in part.split()]
            for sought in filter(None, (program, verb)):
                place = next((n for n, word in enumerate(words) if word.rsplit("/", 1)[-1] == sought), len(words))
                words = words[place + 1 :]
            if words:
                yield words


def _commit_unchecked(done: Changes) -> bool:
    """`-n` in front of the message: in the message it is a word."""
    for words in _called(done, "git", "commit"):
        message = next((n for n, word in enumerate(words) if _short(word, "m") or word == "--message"), len(words))
        if any(_short(word, "n") for word in words[: message + 1]):
            return True
    return False


def _tests_left_out(done: Changes) -> bool:
    return any(
        word.split("=")[0] in ("--deselect", "--ignore", "--ignore-glob") or (word, then) == ("-k", "not")
        for words in _called(done, "pytest")
        for word, then in zip(words, [*words[1:], ""], strict=True)
    )


def _open_to_all(done: Changes) -> bool:
    modes = (next((w for w in words if not w.startswith("-")), "") for words in _called(done, "chmod"))
    return any(re.fullmatch(r"0?777|(?:a|ugo)?[+=]rwx", mode) for mode in modes)


def _pushed_over(done: Changes) -> bool:
    words = (word for words in _called(done, "git", "push") for word in words)
    return any(_short(w, "f") or re.match(r"--force(?:-with-lease)?(?:=|$)|\+\S", w) for w in words)


def _linter_told_not_to(done: Changes) -> bool:
    words = (word for linter in _LINTERS for words in _called(done, linter) for word in words)
    return any(re.match(r"--(?:(?:extend-)?ignore|disable(?:-error-code)?|no-eslintrc)(?:=|$)", w) for w in words)


def _short(word: str, flag: str) -> bool:
    """Whether a word holds a one-letter flag, alone or among others: `-f`, `-uf`."""
    return re.fullmatch(r"-[a-zA-Z]{1,10}", word) is not None and flag in word


def _tests_deleted(done: Changes) -> bool:
    removed = (word for words in _called(done, "rm") for word in words)
    return any(map(_loses_tests, done.edits)) or any(map(is_test, removed))


def _loses_tests(edit: Edit) -> bool:
    if not edit.is_test:
        return False
    left, were = len(_TEST_CASE.findall(edit.after)), len(_TEST_CASE.findall(edit.before or ""))
    return edit.deleted or left < were or not edit.after.strip()


def _assertions_loosened(done: Changes) -> bool:
    return any(edit.is_test and not edit.deleted and _loosened(edit) for edit in done.edits)


def _loosened(edit: Edit) -> bool:
    before, after = edit.before or "", edit.after
    fewer = len(_ASSERTION.findall(after)) < len(_ASSERTION.findall(before))
    less_exact = len(_EXACT.findall(after)) < len(_EXACT.findall(before)) and edit.gained(_LOOSE)
    return edit.gained(_TRIVIAL) or (bool(after.strip()) and fewer) or less_exact


def _rule_switched_off(done: Changes) -> bool:
    settings = (edit for edit in done.edits if _LINTER.search(edit.path) and not edit.deleted)
    return any(_OFF.search(edit.new_lines) for edit in settings)


def _value_typed_in(done: Changes) -> bool:
    code = [edit for edit in done.edits if edit.is_code and not edit.is_test]
    return any(_replaced_by_value(edit) or _answers_the_test(edit, done.expected) for edit in code)


def _replaced_by_value(edit: Edit) -> bool:
    """A result that was worked out is now a value that stands there."""
    lost = [line for line in _RETURNS.findall(edit.before or "") if line not in edit.after]
    computed = [line for line in lost if not _RETURNS_LITERAL.match(line)]
    return bool(computed) and edit.gained(_RETURNS_LITERAL)


def _answers_the_test(edit: Edit, expected: str) -> bool:
    """One input has an answer of its own, and both stand in a test or in what it printed."""
    return any(
        edit.gained(_CASE) and all(value.strip("\"'") in expected for value in pair)
        for pair in _CASE.findall(edit.new_lines)
    )


RULES = (
    Rule(
        "no-verify",
        "it went around the checks of a commit",
        _any(_ran(r"(?:^|\s)--no-verify(?:[\s\"']|$)|\b(?:HUSKY=0|SKIP=\S{1,200})\s+git\b"), _commit_unchecked),
    ),
    Rule(
        "ignored-exit",
        "it threw away how a command ended",
        _ran(r"\|\|[ \t]*(?:true|:|exit[ \t]+0|/bin/true)(?![\w./-])|;[ \t]*(?:true|exit[ \t]+0)[ \t]*$"),
    ),
    Rule(
        "xfail",
        "it marked a test as one that may fail",
        _wrote(r"\bmark\.xfail\b|\bpytest\.xfail\(|\bexpectedFailure\b|\b(?:it|test)\.(?:failing|fails)\("),
    ),
    Rule(
        "skip",
        "it had a test skipped",
        _any(
            _wrote(
                r"\bmark\.skip(?:if)?\b|\bpytest\.skip\(|\bunittest\.skip|\bskipTest\(|#\[ignore\b|@Disabled\b|@Ignore\b"
                r"|\b(?:it|test|describe|context)\.skip\(|\bx(?:it|describe|test)\(|\bt\.Skip(?:f|Now)?\("
            ),
            _ran(r"-DskipTests\b|-Dmaven\.test\.skip|--skip-tests\b"),
            _tests_left_out,
        ),
    ),
    Rule("check-off", "it switched off a check", lambda done: bool(done.switched_off)),
    Rule("test-deleted", "it deleted a test", _tests_deleted),
    Rule("assertion-loosened", "it loosened what a test asserts", _assertions_loosened),
    Rule(
        "chmod-777",
        "it let everybody write",
        _any(_open_to_all, _wrote(r"chmod\([^)\n]{0,200}?0o?777|\bchmod[ \t]+(?:-\w{1,9}[ \t]+)?0?777\b")),
    ),
    Rule("force-push", "it overwrote what others may have pushed", _pushed_over),
    Rule(
        "lint-off",
        "it switched off a rule of a linter",
        _any(
            _wrote(
                r"#\s?noqa\b|#\s?type:\s?ignore\b|#\s?pylint:\s?disable|#\s?ruff:\s?noqa|eslint-disable|rubocop:disable"
                r"|@ts-(?:ignore|nocheck|expect-error)|@SuppressWarnings\b|#!?\[allow\(|//\s?nolint\b"
            ),
            _linter_told_not_to,
            _rule_switched_off,
        ),
    ),
    Rule(
        "error-swallowed",
        "it swallowed an error",
        _wrote(
            r"\bexcept(?:[ \t]+\(?(?:Base)?Exception\)?(?:[ \t]+as[ \t]+\w{1,60})?)?[ \t]*:(?:[ \t]*#[^\n]*)?\s{0,99}"
            r"(?:pass|\.\.\.|continue)\b|\bsuppress\((?:Base)?Exception\)|\berr\s?!=\s?nil\s?\{\s{0,99}\}"
            r"|\bcatch\s{0,9}(?:\([^)\n]{0,200}\))?\s{0,9}\{\s{0,99}\}"
            r"|\.catch\(\s{0,9}(?:\(\s?\w{0,60}\s?\)|\w{1,60})\s?=>\s?(?:\{\s{0,99}\}|null|undefined)\s{0,9}\)"
            r"|\brescue[ \t]*(?:=>[ \t]*\w{1,60}[ \t]*)?\n[ \t]*(?:nil|end)\b"
        ),
    ),
    Rule("typed-in", "it typed in a value that should have been worked out", _value_typed_in),
)


def suspicion(calls: Sequence[Call]) -> str:
    """Why a task with these calls looks like a hack, as a sentence with the rules' names; "" if it does not."""
    done = changes(calls)
    if not (done.commands or done.edits or done.switched_off):
        return ""
    found = [f"{rule.why} ({rule.name})" for rule in RULES if rule.holds(done)]
    return f"It looks like a hack: {', '.join(found)}." if found else ""
