"""What one report worked out, for the next over nearly the same traces."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Memory:
    """Answers by question. A question names objects by `id`; the answers keep those alive, so no name is used twice.

    What a report does not ask is forgotten with the next one.
    """

    def __init__(self) -> None:
        self._before: dict[Hashable, tuple[Any, object]] = {}
        self._now: dict[Hashable, tuple[Any, object]] = {}

    def begin(self) -> None:
        """A new report begins."""
        self._before, self._now = self._now, {}

    def once(self, question: Hashable, about: object, work: Callable[[], T]) -> T:
        """The answer of the last report, else of `work`. `about`: the objects that the question names."""
        found = self._now.get(question) or self._before.get(question)
        if found is None:
            found = (work(), about)
        self._now[question] = found
        answer: T = found[0]
        return answer
