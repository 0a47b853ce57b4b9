"""Slack's markup in what people write becomes plain words (docs.slack.dev/messaging/formatting-message-text)."""

import re
from collections.abc import Mapping
from html import unescape

from bot.domain.text import clean

_MARKUP = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
_EVERYBODY = {"here", "channel", "everyone"}


def mentioned(text: str) -> set[str]:
    """The ids of the people whom a text mentions."""
    return {target for sign, target, _ in _MARKUP.findall(text) if sign == "@"}


def without(text: str, user: str) -> str:
    """The text without the mentions of one user, nor the commas and spaces that would be left of them."""
    mention = re.compile(rf"<@{re.escape(user)}(?:\|[^<>]*)?>")
    while match := mention.search(text):
        before, after = text[: match.start()], text[match.end() :]
        if not before.strip():
            text = after.lstrip(" ,:\u00a0")
        else:
            text = before + (after.removeprefix(" ") if before.endswith((" ", "\n")) else after)
    return text


def readable(text: str, names: Mapping[str, str]) -> str:
    """The text as people see it; `names` by the ids of those it mentions."""
    words, end = [], 0
    for match in _MARKUP.finditer(text):
        words += [unescape(text[end : match.start()]), _shown(match, names)]
        end = match.end()
    return clean("".join([*words, unescape(text[end:])])).strip()


def _shown(match: re.Match[str], names: Mapping[str, str]) -> str:
    sign, target, label = match[1], unescape(match[2]), unescape(match[3] or "")
    match sign:
        case "@":
            return f"@{names.get(target) or label or target}"
        case "#":
            return f"#{label or target}"
        case "!":
            return label or (f"@{target}" if target in _EVERYBODY else target)
    # Slack makes links of what looks like one: then the label is what was typed.
    if not label or target == label:
        return target
    return label if target.endswith(label) else f"{label} ({target})"
