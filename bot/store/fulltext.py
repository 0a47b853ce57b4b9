"""The full-text index over skills: SQLite's FTS5, with its BM25 rank."""

import re
from collections.abc import Mapping

import sqlalchemy as sa

_index = sa.table("skill_words", sa.column("name"), sa.column("words"))
WORD = re.compile(r"\w+")


def replace(connection: sa.Connection, words: Mapping[str, str]) -> None:
    """Make the index hold just these skills: name to the text it is found by."""
    connection.execute(sa.delete(_index))
    if words:
        connection.execute(sa.insert(_index), [{"name": name, "words": text} for name, text in words.items()])


def search(connection: sa.Connection, text: str, limit: int) -> list[str]:
    """The names of the skills that share words with a text, best first (BM25)."""
    terms = list(dict.fromkeys(word.lower() for word in WORD.findall(text)))[:64]
    if not terms:
        return []
    match = " OR ".join(f'"{term}"' for term in terms)
    query = sa.text("SELECT name FROM skill_words WHERE skill_words MATCH :match ORDER BY rank, name LIMIT :limit")
    return list(connection.scalars(query, {"match": match, "limit": limit}))
