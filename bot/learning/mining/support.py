"""A place where a sequence of tools stands, with its calls laid out by step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.json import JSON
from bot.learning.mining.canonical import Call, Run
from bot.learning.mining.indexing import Indexed, Link
from bot.learning.mining.places import EACH, Place, Slot, spelled
from bot.learning.mining.sequences import Occurrence, placed
from bot.learning.mining.views import Unit

MISSING: Final = object()
"""The call went without this argument."""


@dataclass(frozen=True, slots=True)
class Support:
    """`steps` has the numbers of each step's calls in the segment: one, or a loop's whole run, as `loops` says."""

    run: Run
    part: Indexed
    steps: tuple[Unit, ...]
    loops: tuple[bool, ...]

    @property
    def said(self) -> tuple[str, ...]:
        """What the person had said by then."""
        return self.run.said[: self.part.segment.said]

    def call(self, step: int) -> Call:
        """The step's call, the first one of a loop's."""
        return self.part.segment.calls[self.steps[step][0]]

    def value(self, step: int, slot: Slot) -> JSON:
        """The step's argument (of a loop: of its first call), or MISSING."""
        return self.part.slots[self.steps[step][0]].get(slot, MISSING)

    def links(self, step: int, slot: Slot) -> Sequence[Link]:
        """Where that argument stood in earlier outputs of the segment."""
        return self.part.links[self.steps[step][0]].get(slot, ())

    def spelled(self, step: int, call: int, text: str) -> Iterator[tuple[int, int, Place]]:
        """Where outputs before a step, which its call had seen, hold a value that reads `text`: step, call, place."""
        calls = self.part.segment.calls
        for producer in range(step):
            for number in self.steps[producer]:
                if calls[number].round < calls[call].round:
                    for place in spelled(calls[number].content, text):
                        yield producer, number, (EACH, *place) if self.loops[producer] else place

    def earlier(self, step: int = 0) -> Iterator[Call]:
        """The calls before a step, across the whole run."""
        here = self.part.segment
        for segment in self.run.segments:
            if segment.said < here.said:
                yield from segment.calls
        yield from here.calls[: self.steps[step][0]]

    @property
    def places(self) -> range | None:
        """The calls' numbers, first to last, if nothing stands between them."""
        calls = [number for unit in self.steps for number in unit]
        places = range(calls[0], calls[-1] + 1)
        return places if calls == list(places) else None


def support(place: Occurrence, loops: Sequence[bool]) -> Support | None:
    """Lay out an occurrence; None where a step that is no loop would stand in a run."""
    steps = placed(place.view.units, place.start, loops)
    return None if steps is None else Support(place.run, place.view.part, steps, tuple(loops))
