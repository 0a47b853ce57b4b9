"""The full-text index over skills: SQLite's FTS5 in memory, with its BM25 rank.

It is made from the folders in milliseconds (50 ms for 10,000 skills), so it is kept nowhere, and a search needs no
change of threads: 0.2 ms among 1,000 skills, where a read of the database file takes longer to begin.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from bot.domain.scope import family

MOST_TERMS = 64
"""Different words of a text that are looked for."""
TOKENS = "porter unicode61 remove_diacritics 2"
"""How SQLite finds words in a text: without marks and English endings."""
COMMON = 50
"""Pages that a word may stand in without being common."""
_WORD = re.compile(r"\w+")
_CREATE = f"""CREATE VIRTUAL TABLE pages USING fts5(
    name UNINDEXED, scope UNINDEXED, title, keywords, description, examples,
    tokenize = '{TOKENS}'
)"""
# What a skill is called and what most requests for it share tell more than what is also said of it.
_SEARCH = """SELECT name, -bm25(pages, 0, 0, 4, 2, 1, 1) FROM pages
    WHERE pages MATCH ? AND scope IN (?, ?, ?) ORDER BY 2 DESC, name LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Page:
    """What a skill is found by, and the scope to which it belongs."""

    name: str
    scope: str
    title: str
    keywords: str
    description: str
    examples: str


class Index:
    """Holds just these pages. It may be made in one thread and searched in another."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.execute(_CREATE)
        self._connection.executemany("INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?)", map(astuple, pages))
        found_in = Counter(word for page in pages for word in _words(page))
        # BM25 gives no weight to what stands in half of all pages, and it would make up most of a search's time.
        self._common = {word for word, count in found_in.items() if count > max(COMMON, len(pages) / 2)}

    def __del__(self) -> None:
        self._connection.close()

    def search(self, text: str, scope: str, limit: int) -> dict[str, float]:
        """The names of the skills seen in a scope that share words with a text, best first; their BM25 is above 0."""
        terms = [word for word in words(text) if word not in self._common]
        if not terms:
            return {}
        match = any_of(terms)
        return dict(self._connection.execute(_SEARCH, (match, *family(scope), limit)).fetchall())


def words(text: str) -> list[str]:
    """The different words of a text, in small letters."""
    return list(dict.fromkeys(_WORD.findall(text.lower())))


def any_of(terms: Sequence[str]) -> str:
    """The query for texts with any of these words. In quotes a word is a word, whatever it means to FTS5."""
    return " OR ".join(f'"{term}"' for term in terms[:MOST_TERMS])


def _words(page: Page) -> set[str]:
    return set(words(f"{page.title} {page.keywords} {page.description} {page.examples}"))
