"""The full-text index over the operator's documents: a file of SQLite beside the database.

It is made from the documents and from nothing else, so it may be deleted at any time, and it is when it is broken.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from bot.errors import StoreError
from bot.store.fulltext import TOKENS, any_of, words

VERSION = 2
"""Of the tables below; an index of another is made anew."""
MOST_VECTORS = 10_000
"""Passages that have vectors: with 1,536 numbers each they take 60 MB, and a search reads them all."""
_CREATE = f"""
CREATE TABLE files (path TEXT PRIMARY KEY, size INTEGER, changed INTEGER, digest TEXT, first INTEGER, last INTEGER);
CREATE INDEX files_last ON files (last);
CREATE VIRTUAL TABLE passages USING fts5(
    source UNINDEXED, title UNINDEXED, snippet UNINDEXED, heading, body, tokenize = '{TOKENS}'
);
CREATE TABLE vectors (passage INTEGER, model TEXT, vector BLOB, PRIMARY KEY (passage, model)) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""
_ADD = "INSERT INTO passages (rowid, source, title, snippet, heading, body) VALUES (?, ?, ?, ?, ?, ?)"
_SEARCH = "SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY bm25(passages, 0, 0, 0, 2, 1), rowid LIMIT ?"
_STRANGE = """SELECT rowid, title, snippet FROM passages
    WHERE rowid NOT IN (SELECT passage FROM vectors WHERE model = ?) ORDER BY rowid LIMIT ?"""
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
"""Chinese and Japanese have no spaces between words: each of their letters is one."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document: where it stands (path, heading or page), the document's title, the text."""

    source: str
    title: str
    snippet: str


@dataclass(frozen=True, slots=True)
class State:
    """By what a file is known: bytes, when it changed (nanoseconds; 0: look again), SHA-256 of its content."""

    size: int
    changed: int
    digest: str


Read = tuple[State, Sequence[Passage] | None]
"""What was read of a file; without passages: it says the same as before."""


class DocumentIndex:
    """Blocking; call it from a thread. Every method raises StoreError."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def known(self) -> dict[str, State]:
        """What the index holds, by path."""
        with self._opened() as connection:
            rows = connection.execute("SELECT path, size, changed, digest FROM files").fetchall()
        return {path: State(*state) for path, *state in rows}

    def put(self, read: Mapping[str, Read]) -> None:
        """Take documents in, each in place of what stood there; of one that says the same as before only its state."""
        with self._opened() as connection:
            for path, (state, passages) in read.items():
                if passages is None:
                    row = (state.size, state.changed, path)
                    connection.execute("UPDATE files SET size = ?, changed = ? WHERE path = ?", row)
                else:
                    _drop(connection, path)
                    _add(connection, path, state, passages)

    def drop(self, paths: Collection[str]) -> None:
        """Leave out documents that are gone."""
        with self._opened() as connection:
            for path in paths:
                _drop(connection, path)

    def search(self, query: str, limit: int) -> list[int]:
        """The numbers of the passages that share words with the query, best first."""
        terms = words(_indexed(query))
        if not terms:
            return []
        with self._opened() as connection:
            return [number for (number,) in connection.execute(_SEARCH, (any_of(terms), limit))]

    def passages(self, numbers: Sequence[int]) -> list[Passage]:
        """Those of these passages that are still there, in this order."""
        with self._opened() as connection:
            rows = [
                connection.execute("SELECT source, title, snippet FROM passages WHERE rowid = ?", (number,)).fetchone()
                for number in numbers
            ]
        return [Passage(*row) for row in rows if row is not None]

    def strange(self, model: str, limit: int) -> dict[int, str]:
        """Passages without a vector of an embedding model, by number; none once MOST_VECTORS are there."""
        with self._opened() as connection:
            [known] = connection.execute("SELECT count(*) FROM vectors WHERE model = ?", (model,)).fetchone()
            rows = connection.execute(_STRANGE, (model, max(0, min(limit, MOST_VECTORS - known)))).fetchall()
        return {number: f"{title}\n{snippet}" for number, title, snippet in rows}

    def learn(self, model: str, vectors: Mapping[int, bytes]) -> None:
        """Keep vectors of passages, as many as are still there."""
        with self._opened() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors SELECT rowid, ?, ? FROM passages WHERE rowid = ?",
                [(model, vector, number) for number, vector in vectors.items()],
            )

    def vectors(self, model: str) -> dict[int, bytes]:
        """All vectors of a model, by the passages' numbers."""
        with self._opened() as connection:
            return dict(connection.execute("SELECT passage, vector FROM vectors WHERE model = ?", (model,)).fetchall())

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A transaction. A connection each time: so a file that somebody deleted is simply made anew."""
        try:
            with closing(self._connected()) as connection, connection:
                yield connection
        except (sqlite3.OperationalError, OSError) as error:
            raise StoreError(f"The index of the documents cannot be used ({error}): look at {self._file}.") from None
        except sqlite3.DatabaseError:
            self._delete()
            raise StoreError("The index of the documents was broken; it is made anew. Ask again in a minute.") from None

    def _connected(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._file, timeout=10)
        try:
            [version] = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                connection.executescript(f"BEGIN IMMEDIATE; {_CREATE} COMMIT;")
            connection.execute("PRAGMA synchronous=OFF")  # what a crash of the machine breaks is made anew
        except sqlite3.Error:
            connection.close()
            raise
        if version in (0, VERSION):
            return connection
        connection.close()
        self._delete()
        return self._connected()

    def _delete(self) -> None:
        for ending in ("", "-journal"):
            self._file.with_name(self._file.name + ending).unlink(missing_ok=True)


def _drop(connection: sqlite3.Connection, path: str) -> None:
    for rows in connection.execute("DELETE FROM files WHERE path = ? RETURNING first, last", (path,)).fetchall():
        connection.execute("DELETE FROM passages WHERE rowid BETWEEN ? AND ?", rows)
        connection.execute("DELETE FROM vectors WHERE passage BETWEEN ? AND ?", rows)


def _add(connection: sqlite3.Connection, path: str, state: State, passages: Sequence[Passage]) -> None:
    [first] = connection.execute("SELECT coalesce(max(last), 0) + 1 FROM files").fetchone()
    rows = [
        (row, *astuple(each), _indexed(f"{each.title} {each.source}"), _indexed(each.snippet))
        for row, each in enumerate(passages, first)
    ]
    connection.executemany(_ADD, rows)
    last = first + len(rows) - 1
    connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)", (path, *astuple(state), first, last))


def _indexed(text: str) -> str:
    """The words of a text as they are looked for: small, without marks and ligatures, ideographs apart."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(_WORD.findall(bare))
