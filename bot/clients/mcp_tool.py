"""What a tool server offers and gives, in the bot's own values. All of it is a stranger's text."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no types
from jsonschema.exceptions import SchemaError  # type: ignore[import-untyped]  # no types
from jsonschema.validators import validator_for  # type: ignore[import-untyped]  # no types
from mcp import types

from bot.domain.json import JSON, too_deep
from bot.domain.text import LARGEST, clean, cut, shorten, unseen
from bot.domain.tool import Tool, ToolResult, reads_by_name
from bot.errors import ToolError

LONGEST_NAME = 64
"""Characters of a tool's name that models take."""
LONGEST_DESCRIPTION = 1_024
LARGEST_SCHEMA = 20_000
"""Characters of a tool's schema: each request to the model carries them."""
MOST = 128
"""Tools of one server: what a request to the model takes in all."""
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A server's tools by the bot's names, what the server calls each, and what was left out and why."""

    tools: Mapping[str, Tool] = field(default_factory=dict)
    theirs: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()


def catalogue(server: str, listed: Sequence[types.Tool]) -> Catalogue:
    """The tools that can be used of those that a server lists."""
    tools: dict[str, Tool] = {}
    theirs: dict[str, str] = {}
    refused = []
    for at, tool in enumerate(listed):
        if len(tools) == MOST:
            refused.append(f"{len(listed) - at} more are left out: a server may have {MOST} tools here")
            break
        name = own_name(server, tool.name)
        problem = _problem(tool.input_schema)
        if name in tools:
            refused.append(f"{tool.name!r} and {theirs[name]!r} are both {name} here; the first is kept")
        elif problem is not None:
            refused.append(f"{tool.name!r} is left out: {problem}")
        else:
            tools[name], theirs[name] = _tool(name, tool), tool.name
    return Catalogue(tools, theirs, tuple(refused))


def own_name(server: str, tool: str) -> str:
    """`server__tool` in what models take; what does not fit is cut, a digest behind it tells it from others."""
    name = f"{server}__{_FOREIGN.sub('_', tool) or '_'}"
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(tool.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - 9]}_{digest}"


def result(name: str, given: types.CallToolResult) -> ToolResult:
    """What a call gave: an object as JSON, else text; pictures and the like in words. Raises ToolError."""
    failed = bool(given.is_error)
    if isinstance(given.structured_content, dict | list) and not failed:
        text = _written(name, given.structured_content)
        return ToolResult(given.structured_content if len(text) <= LARGEST else cut(text))
    text = clean("\n".join(map(_words, given.content)))
    return ToolResult(cut(text) or ("It failed and did not say why." if failed else ""), failed)


def _problem(schema: JSON) -> str | None:
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return "its schema is not one of type object"
    try:
        if too_deep(schema) or len(json.dumps(schema, allow_nan=False)) > LARGEST_SCHEMA:
            return f"its schema is longer than {LARGEST_SCHEMA} characters, or nested too deep"
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except (SchemaError, TypeError, ValueError, OverflowError, RecursionError) as error:  # the last by its patterns
        return f"its schema is no JSON Schema ({shorten(str(error), 100)})"
    return None


def _tool(name: str, tool: types.Tool) -> Tool:
    hint = tool.annotations.read_only_hint if tool.annotations else None
    said = _visible(clean(tool.description or tool.title or ""))
    schema = {"properties": {}, **tool.input_schema}
    reads = reads_by_name(tool.name) if hint is None else hint
    return Tool(name, shorten(said, LONGEST_DESCRIPTION), schema, reads, outside=hint is not True)


def _written(name: str, value: JSON) -> str:
    if not too_deep(value):
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
            text.encode()
        except ValueError:
            pass
        else:
            return text
    raise ToolError(f"{name} was called, but what it gave is no JSON that can be kept.")


def _words(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.ImageContent() | types.AudioContent():
            kind = "a picture" if isinstance(block, types.ImageContent) else "a sound"
            return (
                f"[{kind} ({_line(block.mime_type)}, {len(block.data) * 3 // 4:,} bytes), which cannot be shown here]"
            )
        case types.ResourceLink():
            return f"[a link to {_line(block.name)}: {_line(str(block.uri))}]"
        case types.EmbeddedResource(resource=types.TextResourceContents() as resource):
            return f"[{_line(str(resource.uri))}:]\n{resource.text}"
        case types.EmbeddedResource():
            return f"[the file {_line(str(block.resource.uri))}, which is no text]"


def _line(text: str) -> str:
    return shorten(_visible(text), 200)


def _visible(text: str) -> str:
    """In one line, without what nobody sees: that would read otherwise to the model than to a person."""
    return " ".join("".join(" " if unseen(char) else char for char in text).split())
