"""Which passages mean what a query means, by an embedding model, and how that goes together with their words."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import structlog

from bot.errors import ModelError
from bot.ports import Clock, Embedder
from bot.skills.meaning import REST, unit
from bot.store.documents import DocumentIndex

log = structlog.get_logger()
AT_ONCE = 20
"""Passages in one call: together at most about 5,000 tokens."""
LONGEST = 2_000
"""Characters of a query that are embedded."""
RRF = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher 2009)."""


class DocumentMeaning:
    """Vectors of the passages, in the documents' index. A server that fails is left alone for a minute."""

    def __init__(self, index: DocumentIndex, embedder: Embedder, clock: Clock) -> None:
        self._index = index
        self._embedder = embedder
        self._clock = clock
        self._rests: datetime | None = None

    async def learn(self) -> None:
        """Ask for the vectors of passages that have none. Raises StoreError."""
        model = self._embedder.model
        while new := await asyncio.to_thread(self._index.strange, model, AT_ONCE):
            vectors = await self._embedded([*new.values()])
            if vectors is None:
                return
            told = dict(zip(new, (unit(vector).tobytes() for vector in vectors), strict=True))
            await asyncio.to_thread(self._index.learn, model, told)

    async def near(self, query: str, limit: int) -> list[int]:
        """The numbers of the passages that are nearest to a query; none while the server fails. Raises StoreError."""
        vectors = await self._embedded([query[:LONGEST]])
        if vectors is None:
            return []
        known = await asyncio.to_thread(self._index.vectors, self._embedder.model)
        return await asyncio.to_thread(_nearest, vectors[0], known, limit)

    async def _embedded(self, texts: Sequence[str]) -> Sequence[Sequence[float]] | None:
        if self._rests is not None and self._clock.now() < self._rests:
            return None
        try:
            return await self._embedder.embed(texts)
        except ModelError as error:
            self._rests = self._clock.now() + REST
            log.warning("documents.meaning_rests", seconds=REST.total_seconds(), error=str(error))
            return None


def _nearest(asked: Sequence[float], known: Mapping[int, bytes], limit: int) -> list[int]:
    import numpy  # here: only who has set an embedding model pays for it

    wanted = unit(asked)
    comparable = {number: vector for number, vector in known.items() if len(vector) == wanted.nbytes}
    if not comparable:
        return []
    cosines = numpy.frombuffer(b"".join(comparable.values()), "<f4").reshape(-1, wanted.size) @ wanted
    ranked = sorted(zip(comparable, cosines.tolist(), strict=True), key=lambda each: -each[1])
    return [number for number, cosine in ranked[:limit] if cosine > 0]


def fused(*rankings: Iterable[int]) -> list[int]:
    """Several rankings as one, best first: each place counts 1 / (60 + its number)."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for place, number in enumerate(ranking, 1):
            scores[number] = scores.get(number, 0.0) + 1 / (RRF + place)
    return sorted(scores, key=lambda number: -scores[number])
