"""The exit code of a check that was run in a task, such as its tests: evidence from outside the model."""

import re
from collections.abc import Iterator, Sequence

from bot.domain.json import JSON
from bot.domain.tool import reads_by_name
from bot.learning.outcomes.record import Call
from bot.store.evidence import Evidence

RUN = "run_command"
CUT_SHORT = range(124, 256)
"""Exit codes that tell of no check: its time was over, it could not be started, or a signal ended it."""
_RUNNERS = re.compile(r"python[\d.]*|(?:ba|da|z)?sh|node|npm|npx|pnpm|yarn|bun|deno|make|just|cargo|go|mvn|gradlew?|uv")
_CHECKERS = re.compile(
    r"pytest|unittest|tox|nox|mypy|pyright|ruff|flake8|pylint|eslint|tsc|jest|vitest|clippy|vet|shellcheck|yamllint"
    r"|(?:\w*[_.:-])?(?:tests?|checks?|lint|verify)(?:[_.:-].*)?"
)


def last_check(calls: Sequence[Call]) -> Iterator[Evidence]:
    """The last check's word: a failure, or a success behind which nothing was changed; nothing if it was cut short.

    Changed by name: any tool whose name does not begin as one that reads.
    """
    number = max((at for at, call in enumerate(calls) if _exit_code(call) is not None), default=None)
    if number is None:
        return
    code = _exit_code(calls[number])
    text = f"The last check that was run ended with status {code}."
    if code in CUT_SHORT:
        return
    if code:
        yield Evidence("verifier", "failure", text, rule=RUN)
    elif all(reads_by_name(call.tool) for call in calls[number + 1 :]):
        yield Evidence("verifier", "success", text, rule=RUN)


def checks(command: Sequence[str]) -> bool:
    """Whether a command is a check by its name, or by what its runner is to run: `make test`, `python3 -m mypy`."""
    program, *rest = [word.rsplit("/", 1)[-1] for word in command]
    if _RUNNERS.fullmatch(program):
        told = (word for word in rest if not word.startswith("-") and word not in ("run", "exec"))
        program = "" if "-c" in rest[:1] else next(told, "")
    return _CHECKERS.fullmatch(program) is not None


def _exit_code(call: Call) -> int | None:
    """How a check ended; None for every other call."""
    command: JSON = call.arguments.get("command")
    words = isinstance(command, list) and command and all(isinstance(word, str) for word in command)
    if call.tool != RUN or call.failed or not words or not checks(command):
        return None
    code = call.result.get("exit_code") if isinstance(call.result, dict) else None
    return code if isinstance(code, int) else None
