"""The full-text index over skills: SQLite's FTS5, with its BM25 rank."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import sqlalchemy as sa

WORD = re.compile(r"\w+")
MOST_TERMS = 64
"""Different words of a text that are looked for."""

_FIELDS = ("name", "scope", "title", "keywords", "description", "examples")
_index = sa.table("skill_words", *(sa.column(name) for name in _FIELDS))
_SEARCH = sa.text(
    "SELECT name FROM skill_words WHERE skill_words MATCH :match AND scope IN ('', :scope) "
    "ORDER BY rank, name LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Page:
    """What a skill is found by, and the scope in which it may be found ("": everywhere)."""

    name: str
    scope: str
    title: str
    keywords: str
    description: str
    examples: str


def replace(connection: sa.Connection, pages: Iterable[Page]) -> None:
    """Make the index hold just these skills."""
    connection.execute(sa.delete(_index))
    if rows := [asdict(page) for page in pages]:
        connection.execute(sa.insert(_index), rows)


def search(connection: sa.Connection, text: str, scope: str, limit: int) -> list[str]:
    """The names of the skills of a scope that share words with a text, best first (BM25)."""
    terms = list(dict.fromkeys(word.lower() for word in WORD.findall(text)))[:MOST_TERMS]
    if not terms:
        return []
    match = " OR ".join(f'"{term}"' for term in terms)
    return list(connection.scalars(_SEARCH, {"match": match, "scope": scope, "limit": limit}))
