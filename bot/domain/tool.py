"""Tools, calls of them and what they gave."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.domain.json import JSON

Word = Literal["allow", "ask", "deny"]
"""What the operator says of a tool: it may be called, a person is asked before each call, it may not be called."""
READING_WORDS = frozenset(["get", "find", "list", "search", "read", "show", "count", "check", "calculate", "think"])
"""First words of the names of tools that only read (bot/skills/FORMAT.md, Traces)."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as the model sees it. `schema` is a JSON Schema of type object. `reads`: it changes nothing.

    `away` says why it cannot be called for now, where that is so. `outside`: it may change what lies outside the
    workspace, such as another system or a file of the computer. `policy` is what holds for it where it is offered.
    """

    name: str
    description: str
    schema: Mapping[str, JSON]
    reads: bool = False
    away: str = ""
    outside: bool = False
    policy: Word = "allow"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to call a tool. `arguments` is the raw JSON text: it may not parse."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call gave. `content` is JSON or text; with `failed` it is a sentence for the model to act on."""

    content: JSON
    failed: bool = False


def pin(tool: Tool) -> str:
    """The digest of what a person agreed to: the arguments that a tool takes and what it may change, not its words."""
    agreed = json.dumps([tool.schema, tool.reads, tool.outside], sort_keys=True, default=dict)
    return hashlib.sha256(agreed.encode("utf-8", "replace")).hexdigest()


def reads_by_name(name: str) -> bool:
    """Whether a tool without annotations only reads, by the first word of its name (bot/skills/FORMAT.md, Traces)."""
    word = ""
    for char in name.rsplit("__", 1)[-1]:
        if char in "_-" or (char.isupper() and word):
            break
        word += char
    return word.lower() in READING_WORDS
