"""Block Kit as people meet it: which texts a list of blocks shows, and what in it can be pressed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.json import JSON

_PARTS = re.compile(r"(<@\w+>|https?://[^\s<>]+)")
PRESSED = {"button", "icon_button", "feedback_buttons"}


@dataclass(frozen=True, slots=True)
class Pressable:
    """Something to press. `action` is what a click tells the app of it, in block_actions."""

    label: str
    action_id: str
    block_id: str
    action: JSON


def elements(block: JSON) -> Iterator[JSON]:
    """What can act in a block: its elements, its accessory, its input."""
    if block["type"] in ("actions", "context_actions"):
        yield from block["elements"]
    for name in ("accessory", "element"):
        if name in block:
            yield block[name]


def pressables(blocks: list[JSON]) -> list[Pressable]:
    """Everything that can be pressed or chosen, from top to bottom."""
    return [
        Pressable(label, element.get("action_id", ""), block["block_id"], {"type": element["type"], **action})
        for block in blocks
        for element in elements(block)
        for label, action in _choices(element)
    ]


def _choices(element: JSON) -> Iterator[tuple[str, JSON]]:
    if element["type"] == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            button = element[side]
            yield button["text"]["text"], {"text": button["text"], "value": button["value"]}
    elif element["type"] in PRESSED:
        kept = {name: element[name] for name in ("text", "value", "style", "icon", "url") if name in element}
        yield element["text"]["text"], kept
    else:
        for option in element.get("options", []):
            yield option["text"]["text"], {"selected_option": option}


def rich_text(text: str) -> list[JSON]:
    """The blocks that Slack makes of what a person typed."""
    parts = [_part(part) for part in _PARTS.split(text) if part]
    return [{"type": "rich_text", "block_id": "rt", "elements": [{"type": "rich_text_section", "elements": parts}]}]


def _part(part: str) -> JSON:
    if part.startswith("<@"):
        return {"type": "user", "user_id": part[2:-1]}
    if part.startswith(("http://", "https://")):
        return {"type": "link", "url": part}
    return {"type": "text", "text": part}
