"""Embeddings of skills' words, by version and model."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from bot.store.tables import vectors

_ADD = sa.text(
    "INSERT INTO vectors (digest, model, vector) VALUES (:digest, :model, :vector) "
    "ON CONFLICT (digest, model) DO NOTHING"
)


def add(connection: sa.Connection, model: str, found: Mapping[str, bytes]) -> None:
    """Keep vectors by digest; one that is there stays."""
    connection.execute(_ADD, [{"digest": key, "model": model, "vector": vector} for key, vector in found.items()])


def find(connection: sa.Connection, model: str, digests: Sequence[str]) -> dict[str, bytes]:
    """Those vectors that are there."""
    rows = connection.execute(
        sa.select(vectors.c.digest, vectors.c.vector).where(vectors.c.model == model, vectors.c.digest.in_(digests))
    )
    return {row.digest: row.vector for row in rows}
