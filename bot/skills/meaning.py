"""Which skills mean what a message means, by an embedding model."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.errors import ModelError
from bot.ports import Clock, Embedder
from bot.store import vectors
from bot.store.commits import Commit
from bot.store.fulltext import Page
from bot.store.store import Store

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    Vector = NDArray[float32]

log = structlog.get_logger()
AT_ONCE = 100
"""Texts in one call: the message, and skills that were not seen before."""
LONGEST = 2_000
"""Characters of a text that are embedded: a message's request stands at its beginning."""
REST = timedelta(minutes=1)
"""How long a server that failed is left alone."""


class Meaning:
    """Vectors of the skills seen so far, kept in the database; one call a message."""

    def __init__(self, store: Store, clock: Clock, embedder: Embedder) -> None:
        self._store = store
        self._clock = clock
        self._embedder = embedder
        self._known: dict[str, Vector] = {}
        self._rests: datetime | None = None

    async def near(self, text: str, pages: Mapping[str, Page]) -> dict[str, float]:
        """The cosines, if above 0, of a message and skills: from digest to what a skill is found by, to the names.

        A skill that was not seen before is embedded in the same call. When the server fails nothing is near, for a
        minute, and the log says so.
        """
        if self._rests is not None and self._clock.now() < self._rests:
            return {}
        new = await self._unknown([*pages])
        try:
            told = await self._embedder.embed([text[:LONGEST], *(_text(pages[digest])[:LONGEST] for digest in new)])
        except ModelError as error:
            self._rests = self._clock.now() + REST
            log.warning("meaning.rests", seconds=REST.total_seconds(), error=str(error))
            return {}
        asked, *found = map(unit, told)
        await self._keep(dict(zip(new, found, strict=True)))
        return self._cosines(asked, pages)

    async def _unknown(self, digests: Sequence[str]) -> list[str]:
        """The first skills that no vector is known of, as many as fit into a call."""
        missing = [digest for digest in digests if digest not in self._known]
        if missing:
            kept = await self._store.read(partial(vectors.find, model=self._embedder.model, digests=missing))
            self._known |= {digest: _read(content) for digest, content in kept.items()}
        return [digest for digest in missing if digest not in self._known][: AT_ONCE - 1]

    async def _keep(self, found: "Mapping[str, Vector]") -> None:
        if found:
            rows = {digest: vector.astype("<f4").tobytes() for digest, vector in found.items()}
            await self._store.write(Commit.VECTORS, partial(vectors.add, model=self._embedder.model, found=rows))
            self._known |= found

    def _cosines(self, asked: "Vector", pages: Mapping[str, Page]) -> dict[str, float]:
        import numpy

        comparable = [digest for digest in pages if digest in self._known and self._known[digest].shape == asked.shape]
        if not comparable:
            return {}
        cosines = numpy.stack([self._known[digest] for digest in comparable]) @ asked
        return {
            pages[digest].name: cosine
            for digest, cosine in zip(comparable, cosines.tolist(), strict=True)
            if cosine > 0
        }


def _text(page: Page) -> str:
    return "\n".join((page.title, page.keywords, page.description, page.examples))


def unit(vector: Sequence[float]) -> "Vector":
    """A direction: the vector at length 1."""
    import numpy  # here: only who has set an embedding model pays for it

    array = numpy.asarray(vector, "<f4")
    length = numpy.linalg.norm(array)
    return array / length if length > 0 else array


def _read(content: bytes) -> "Vector":
    import numpy

    return numpy.frombuffer(content, "<f4")
