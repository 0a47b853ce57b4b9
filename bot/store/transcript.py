"""The journal read back as OpenAI chat messages: for the next prompt, and for the traces that mining reads."""

import json
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import quoteattr

import sqlalchemy as sa

from bot.domain.json import JSON
from bot.domain.text import MARK, clean
from bot.store.journal import Entry
from bot.store.tables import turns
from bot.words import Sentence

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def as_text(content: JSON) -> str:
    """A tool's result as a message's text: JSON compact, text as it is, and nothing that no encoder takes."""
    return clean(content if isinstance(content, str) else _COMPACT.encode(content))


def call_id(turn: int, place: str) -> str:
    """An id that is unique in a conversation, which the servers' own are not."""
    return f"call_{turn}_{place.removeprefix('tool:').replace('.', '_')}"


def asked(turn: int, reply: Mapping[str, JSON], round: int) -> JSON:
    """The assistant's message of one round, from the journaled `{"text", "calls": [{"name", "arguments"}]}`."""
    message: dict[str, JSON] = {"role": "assistant", "content": reply["text"]}
    if reply["calls"]:
        message["content"] = reply["text"] or None  # without calls null is refused
        message["tool_calls"] = [
            {
                "id": call_id(turn, f"tool:{round}.{index}"),
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for index, call in enumerate(reply["calls"])
        ]
    return message


def answered(turn: int, entry: Entry) -> JSON:
    """The tool's message that answers a call; a failure says so in its first word."""
    text = as_text(entry.result)
    failed = entry.status == "failed"
    return {
        "role": "tool",
        "tool_call_id": call_id(turn, entry.place),
        "content": f"Error: {text}" if failed else text,
    }


def messages(turn: int, text: str, entries: Iterable[Entry]) -> list[JSON]:
    """A finished turn as messages: the person's, then each round's."""
    return [{"role": "user", "content": text}, *rounds(turn, entries)]


def rounds(turn: int, entries: Iterable[Entry], since: int = 0) -> list[JSON]:
    """What a turn has come to so far: for each round what the person said before it, the reply, the calls' results.

    Rounds before `since` are left out. Calls that were never answered are left out.
    """
    said: list[JSON] = []
    ended = {entry.place: entry for entry in entries if entry.status != "started"}
    for round in range(since, len(ended)):
        followed = ended.get(f"said:{round}")
        said.extend({"role": "user", "content": text} for text in (followed.result if followed else ()))
        reply = ended.get(f"model:{round}")
        if reply is None:
            continue
        results = [ended.get(f"tool:{round}.{index}") for index in range(len(reply.result["calls"]))]
        if all(results):
            said.append(asked(turn, reply.result, round))
            said.extend(answered(turn, entry) for entry in results if entry)
    return said


def answer(entries: Iterable[Entry]) -> str:
    """What a turn says in answer: its last reply, and those that the person went on speaking before."""
    replies = [entry.result for entry in entries if entry.place.startswith("model:")]
    return "\n\n".join(text for reply in replies if not reply["calls"] and (text := reply["text"].strip()))


def text_of(payload: JSON, entries: Iterable[Entry] = ()) -> str:
    """What the person said in a speaking turn, and a line for each file that came with it, by the turn's journal.

    Before what was said at another time stands a line that says so. What looks like a mark in people's own words is
    written so that it is none.
    """
    said = MARK.sub(r"\1&lt;", payload["text"])
    files = (entry.result for entry in entries if entry.place.startswith("file:") and entry.status == "done")
    scheduled = [_schedule(payload)] if "reminder" in payload else []
    return "\n".join(filter(None, [*scheduled, said, *map(_file, files)]))


def _schedule(payload: JSON) -> str:
    """That a turn was scheduled, as a FILE_MARK."""
    by, note = quoteattr(payload["person"]["name"]), "The time for this has come. Nobody has written it just now."
    return f'<schedule number="{payload["reminder"]}" by={by} note="{note}"/>'


def _file(result: Mapping[str, JSON]) -> str:
    """What came of a file, as a FILE_MARK that no name can break out of."""
    problem = result.get("problem")
    told = {**result, "problem": problem and Sentence.of(problem)}
    names = ("name", "path", "type", "bytes", "pages", "text", "problem")
    return "<file " + " ".join(f"{name}={quoteattr(str(told[name]))}" for name in names if told.get(name)) + "/>"


_SAID = (
    sa.select(turns.c.id, turns.c.payload)
    .where(turns.c.id.in_(sa.bindparam("of", expanding=True)))
    .order_by(turns.c.id)
)


def said_in(connection: sa.Connection, entries: Mapping[int, Iterable[Entry]]) -> dict[int, str]:
    """What the person said in speaking turns, and the files that came with it; `entries` are the turns' journals."""
    rows = connection.execute(_SAID, {"of": list(entries)})
    return {row.id: text_of(row.payload, entries[row.id]) for row in rows}
