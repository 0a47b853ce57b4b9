"""What the demo's model says: a small program where a language model would be, and the same reply to the same request.

It works as a weak model does, one call a round: it tells a customer's open orders, finds text, lists files. It knows
the file tools and how the workspace is laid out, and no skill: a tool that it never heard of is called when what the
tool says of itself shares words with the request and the request can fill its parameters.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.json import JSON

HELP = "I am the demo's small model. I can tell which orders of a customer are open, find text in files and list files."
FILE_TOOLS = frozenset(["read_file", "search_files", "list_files"])
DONE = frozenset(["delivered", "returned", "cancelled"])
NAME = re.compile(r"\b[a-z]+(?:-[a-z]+)+\b")
PATH = re.compile(r"[\w-]+(?:/[\w-]+)*\.(?:md|json)\b")
STOP_WORDS = frozenset(["which", "what", "where", "there", "their", "still", "have", "please", "tell", "that", "this"])


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of the offered tools."""

    tool: str
    arguments: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Round:
    """What the person asked last, the calls made for it so far, and their results as text."""

    request: str
    calls: tuple[Call, ...]
    results: tuple[str, ...]


def reply(messages: Sequence[JSON], tools: Sequence[JSON]) -> str | Call:
    """The next call, or the final text. `messages` and `tools` are those of a chat completion request."""
    now = _round(messages)
    offered = {tool["function"]["name"]: tool["function"] for tool in tools}
    names = NAME.findall(now.request)
    if names and "order" in now.request and "read_file" in offered:
        return _open_orders(names[0], now, offered)
    if (about := re.search(r"about ([\w ]+)", now.request)) and "search_files" in offered:
        return _files(Call("search_files", {"query": about[1]}), now)
    if (folder := re.search(r"files .*in (\w+)", now.request)) and "list_files" in offered:
        return _files(Call("list_files", {"path": folder[1]}), now)
    return HELP


def _round(messages: Sequence[JSON]) -> Round:
    start = max((i for i, message in enumerate(messages) if message["role"] == "user"), default=len(messages))
    asked = [call["function"] for message in messages[start:] for call in message.get("tool_calls") or ()]
    return Round(
        request=str(messages[start]["content"]) if start < len(messages) else "",
        calls=tuple(Call(call["name"], json.loads(call["arguments"])) for call in asked),
        results=tuple(str(message["content"]) for message in messages[start:] if message["role"] == "tool"),
    )


def _open_orders(customer: str, now: Round, offered: Mapping[str, JSON]) -> str | Call:
    """A tool that does it all, if one is offered; then by hand what is still missing; then the answer."""
    if not now.calls and (call := _fitting(now.request, offered)):
        return call
    found = {record["id"]: record for result in now.results for record in _records(_parsed(result))}
    numbers = found.get(customer, {}).get("orders", [])
    wanted = [f"orders/{number}.json" for number in numbers if number not in found]
    for path in wanted if customer in found else [f"customers/{customer}.json"]:
        if (call := Call("read_file", {"path": path})) not in now.calls:
            return call
    if customer not in found:
        return f"I found no customer {customer}."
    return _answer(found[customer], [found[number] for number in numbers if number in found])


def _answer(customer: JSON, orders: Sequence[JSON]) -> str:
    still = [order for order in orders if order["status"] not in DONE]
    listed = ", ".join(f"{order['id']} ({order['status']}, {order['total']:.2f})" for order in still) or "none"
    return f"{customer['name']}: {len(still)} of {len(orders)} orders still open: {listed}."


def _files(call: Call, now: Round) -> str | Call:
    """One call, and the files that its result names."""
    if not now.results:
        return call
    paths = sorted({path for result in now.results for path in PATH.findall(result)})
    return f"I looked and found: {', '.join(paths)}." if paths else "I looked and found no file."


def _fitting(request: str, offered: Mapping[str, JSON]) -> Call | None:
    """The offered tool, the file tools apart, that shares most words with the request and can be filled from it."""
    best, most = None, 0
    for name, function in offered.items():
        required = function["parameters"].get("required", [])
        values = NAME.findall(request)
        shared = len(_words(request) & _words(json.dumps(function)))
        if name not in FILE_TOOLS and 0 < len(required) <= len(values) and shared > most:
            best, most = Call(name, dict(zip(required, values, strict=False))), shared
    return best


def _words(text: str) -> frozenset[str]:
    """The words that carry meaning, singular and plural alike."""
    return frozenset(word.rstrip("s") for word in re.findall(r"[a-z]{4,}", text.lower())) - STOP_WORDS


def _parsed(text: str) -> JSON:
    """The JSON that a result holds, words before or behind it left out; None where there is none."""
    start = re.search(r"[\[{]", text)
    try:
        return json.JSONDecoder().raw_decode(text, start.start())[0] if start else None
    except ValueError:
        return None


def _records(value: JSON) -> Iterator[dict[str, JSON]]:
    """Every object with an `id`, however deep: a file's content, or one of many in what a longer run gave."""
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from _records(element)
