"""What Slack refuses: texts, blocks and views against docs.slack.dev/reference/block-kit and its methods' pages."""

from collections import Counter
from collections.abc import Iterator

from bot.domain.json import JSON

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
VIEW_BYTES = 250_000
MESSAGE_BLOCK_TEXT = 13_200  # characters in all blocks of a message; not in the documents, found by trying
MARKDOWN = 12_000
POST_TEXT, UPDATE_TEXT = 40_000, 4_000


class Refusal(Exception):
    """The answer to a call that is not done; `more` stands beside the error.

    `retry_after`: whole seconds to wait, for the one refusal whose HTTP status is not 200.
    """

    def __init__(self, error: str, retry_after: int = 0, **more: JSON) -> None:
        super().__init__(error)
        self.error = error
        self.retry_after = retry_after
        self.more = more

    def json(self) -> JSON:
        """The body."""
        return {"ok": False, "error": self.error, **self.more}


def invalid(error: str, problems: list[str]) -> Refusal:
    """A refusal that tells what is wrong and where, as invalid_blocks does."""
    return Refusal(error, errors=problems, response_metadata={"messages": [f"[ERROR] {line}" for line in problems]})


def missing(name: str) -> Refusal:
    """A refusal because a required parameter was not given."""
    return invalid("invalid_arguments", [f"missing required field: {name}"])


def checked_blocks(blocks: JSON, most: int = MESSAGE_BLOCKS, surface: str = "message", prefix: str = "b") -> list[JSON]:
    """Blocks as they will stand, each with a block_id (`prefix` begins the ones made up here).

    `surface` is message, modal or home.

    Raises Refusal: invalid_blocks_format, invalid_blocks, msg_blocks_too_long.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refusal("invalid_blocks_format")
    problems = [] if len(blocks) <= most else [f"no more than {most} items allowed [json-pointer:/blocks]"]
    for place, block in enumerate(blocks):
        problems += [f"{problem} [json-pointer:/blocks/{place}{at}]" for at, problem in _block(block, surface)]
    twice = Counter(block["block_id"] for block in blocks if "block_id" in block)
    problems += [f"block_id {name!r} already exists" for name, times in twice.items() if times > 1]
    if sum(len(block.get("text", "")) for block in blocks if block.get("type") == "markdown") > MARKDOWN:
        problems.append(f"markdown blocks: no more than {MARKDOWN} characters in all [json-pointer:/blocks]")
    if sum(block.get("type") == "table" for block in blocks) > 1:
        problems.append("only one table is allowed [json-pointer:/blocks]")
    if problems:
        raise invalid("invalid_blocks", problems)
    if surface == "message" and sum(map(_length, blocks)) > MESSAGE_BLOCK_TEXT:
        raise Refusal("msg_blocks_too_long")
    return [{**block, "block_id": block.get("block_id", f"{prefix}{place}")} for place, block in enumerate(blocks)]


Problem = tuple[str, str]
"""Where, below the block, and what."""


def _block(block: JSON, surface: str) -> Iterator[Problem]:
    kind = block.get("type")
    if kind not in _CHECKS:
        yield "/type", f"unsupported type: {kind}"
        return
    if len(block.get("block_id", "")) > 255:
        yield "/block_id", "must be less than 256 characters"
    if surface not in _SURFACES.get(kind, ("message", "modal", "home")):
        yield "/type", f"{kind} is not allowed in a {surface}"
    yield from _CHECKS[kind](block)


def _section(block: JSON) -> Iterator[Problem]:
    if "text" not in block and not block.get("fields"):
        yield "", "missing required field: text or fields"
    if "text" in block:
        yield from _text(block["text"], "/text", 3000)
    if len(block.get("fields", [])) > 10:
        yield "/fields", "no more than 10 items allowed"
    for place, shown in enumerate(block.get("fields", [])):
        yield from _text(shown, f"/fields/{place}", 2000)
    if "accessory" in block:
        yield from _element(block["accessory"], "/accessory")


def _header(block: JSON) -> Iterator[Problem]:
    yield from _text(block.get("text"), "/text", 150, ("plain_text",))


def _context(block: JSON) -> Iterator[Problem]:
    yield from _count(block, 1, 10)
    for place, shown in enumerate(block.get("elements", [])):
        if shown.get("type") != "image":
            yield from _text(shown, f"/elements/{place}", 3000)


def _actions(block: JSON) -> Iterator[Problem]:
    yield from _count(block, 1, 25)
    yield from _acting(block)


def _context_actions(block: JSON) -> Iterator[Problem]:
    yield from _count(block, 1, 5)
    for place, element in enumerate(block.get("elements", [])):
        if element.get("type") not in ("feedback_buttons", "icon_button"):
            yield f"/elements/{place}/type", f"unsupported type: {element.get('type')}"
    yield from _acting(block)


def _input(block: JSON) -> Iterator[Problem]:
    yield from _text(block.get("label"), "/label", 2000, ("plain_text",))
    if "hint" in block:
        yield from _text(block["hint"], "/hint", 2000, ("plain_text",))
    yield from _element(block.get("element", {}), "/element")


def _markdown(block: JSON) -> Iterator[Problem]:
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield "/text", "must be more than 0 characters"


def _image(block: JSON) -> Iterator[Problem]:
    if not block.get("alt_text"):
        yield "", "missing required field: alt_text"
    if not block.get("image_url") and not block.get("slack_file"):
        yield "", "missing required field: image_url"


def _table(block: JSON) -> Iterator[Problem]:
    rows = block.get("rows", [])
    if not 1 <= len(rows) <= 100 or any(len(row) > 20 for row in rows):
        yield "/rows", "1 to 100 rows of at most 20 cells are allowed"


def _task_card(block: JSON) -> Iterator[Problem]:
    if not block.get("task_id") or not block.get("title"):
        yield "", "missing required field: task_id or title"
    if block.get("status", "pending") not in TASK_STATUSES:
        yield "/status", f"must be one of {', '.join(sorted(TASK_STATUSES))}"


def _rich_text(block: JSON) -> Iterator[Problem]:
    if not isinstance(block.get("elements"), list):
        yield "", "missing required field: elements"
        return
    for place, part in enumerate(block["elements"]):
        yield from _rich_part(part, f"/elements/{place}")


def _rich_part(part: JSON, at: str) -> Iterator[Problem]:
    """A section, a list of such, a quote or code, with something in it (reference/block-kit/blocks/rich-text-block)."""
    kind, inside = part.get("type"), part.get("elements")
    if kind not in _RICH:
        yield f"{at}/type", f"unsupported type: {kind}"
    elif not isinstance(inside, list) or not inside:
        yield at, "missing required field: elements"
    elif kind == "rich_text_list":
        if part.get("style") not in ("bullet", "ordered"):
            yield f"{at}/style", "must be bullet or ordered"
        for place, item in enumerate(inside):
            yield from _rich_part(item, f"{at}/elements/{place}")
    elif any(one["type"] == "text" and not one.get("text") for one in inside):
        yield f"{at}/elements", "must be more than 0 characters"


def _anything(_: JSON) -> Iterator[Problem]:
    yield from ()


_RICH = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}
TASK_STATUSES = {"pending", "in_progress", "complete", "error"}
_SURFACES = {
    "input": ("message", "modal", "home"),
    "markdown": ("message",),
    "context_actions": ("message",),
    "table": ("message",),
    "task_card": ("message",),
    "plan": ("message",),
    "file": ("message",),
}
_CHECKS = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "context_actions": _context_actions,
    "input": _input,
    "markdown": _markdown,
    "image": _image,
    "table": _table,
    "task_card": _task_card,
    "rich_text": _rich_text,
    "divider": _anything,
    "file": _anything,
    "plan": _anything,
    "video": _anything,
}


def _count(block: JSON, least: int, most: int) -> Iterator[Problem]:
    listed = block.get("elements")
    if not isinstance(listed, list):
        yield "", "missing required field: elements"
    elif not least <= len(listed) <= most:
        yield "/elements", f"{least} to {most} items allowed"


def _acting(block: JSON) -> Iterator[Problem]:
    """What stands in an actions block: each right in itself, no action_id twice."""
    listed = block.get("elements") or []
    for place, element in enumerate(listed):
        yield from _element(element, f"/elements/{place}")
    twice = Counter(element.get("action_id") for element in listed if element.get("action_id"))
    for name, times in twice.items():
        if times > 1:
            yield "/elements", f"action_id {name!r} already exists"


def _element(element: JSON, at: str) -> Iterator[Problem]:
    kind = element.get("type")
    if len(element.get("action_id", "")) > 255:
        yield f"{at}/action_id", "must be less than 256 characters"
    if len(str(element.get("value", ""))) > 2000:
        yield f"{at}/value", "must be less than 2001 characters"
    if kind in ("button", "icon_button"):
        yield from _text(element.get("text"), f"{at}/text", 75, ("plain_text",))
    if element.get("style", "primary") not in ("primary", "danger"):
        yield f"{at}/style", "must be primary or danger"
    if kind == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            yield from _text(element.get(side, {}).get("text"), f"{at}/{side}/text", 75, ("plain_text",))
            if not 1 <= len(element.get(side, {}).get("value", "")) <= 2000:
                yield f"{at}/{side}/value", "must be 1 to 2000 characters"
    if len(element.get("options", [])) > 100:
        yield f"{at}/options", "no more than 100 items allowed"


def _text(shown: JSON, at: str, most: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Iterator[Problem]:
    if not isinstance(shown, dict) or shown.get("type") not in kinds:
        yield at, f"must be a text object of type {' or '.join(kinds)}"
    elif not isinstance(shown.get("text"), str) or not shown["text"]:
        yield f"{at}/text", "must be more than 0 characters"
    elif len(shown["text"]) > most:
        yield f"{at}/text", f"must be less than {most + 1} characters"


def _length(block: JSON) -> int:
    """How much text a block shows."""
    text = block.get("text", "")
    own = len(text) if isinstance(text, str) else len(text.get("text", ""))
    fields = sum(len(shown["text"]) for shown in block.get("fields", []))
    listed = block.get("elements", []) if block["type"] == "context" else []
    return own + fields + sum(len(shown.get("text", "")) for shown in listed)
