"""Forms: a modal in which a person changes a text.

Slack wants a modal within three seconds of the click (docs.slack.dev/surfaces/modals): it is opened empty, before the
click's meaning is known, and filled later. Each click and each submission names its modal anew, by its trigger, so that
what is to be shown is never shown before the one that waits, and then lost.
"""

import asyncio
from zlib import crc32

import structlog
from pydantic import BaseModel, Field, ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import CALL_FAILED, refusal, why
from adapters.slack.ids import channel
from bot.domain.chat import ButtonClicked, Form
from bot.domain.json import JSON
from bot.domain.text import clean, shorten
from bot.ports import Clock
from bot.words import say

log = structlog.get_logger()
CALLBACK = "form"
OPEN_SECONDS = 1.5
"""How long a click waits for its modal; Slack wants it acknowledged within three seconds."""
PAUSES = (0.1, 0.3, 0.6, 1.0)
"""Seconds before a modal that is not there yet is asked for again; who closed it will not be asked."""
PIECE_CHARACTERS = 2_000
"""Of a text that one input begins with: it takes 3,000, and a person wants to add something."""
MOST_PIECES = 90
"""A modal has 100 blocks: a file of 256 KiB is about the longest that it takes."""
SECTION_CHARACTERS = 3_000
TOLD_PROBLEMS = 5


class Under(BaseModel):
    """What a form is about, as the modal keeps it: the button, and where it stands."""

    button: str
    channel: str
    thread: str
    message: str


class _Input(BaseModel):
    value: str | None = None


class _State(BaseModel):
    values: dict[str, dict[str, _Input]]


class _View(BaseModel):
    callback_id: str = ""
    private_metadata: str = ""
    state: _State = Field(default_factory=lambda: _State(values={}))


class _User(BaseModel):
    id: str
    team_id: str | None = None


class Submission(BaseModel):
    """The interaction `view_submission`."""

    trigger_id: str
    user: _User
    view: _View

    @property
    def under(self) -> Under | None:
        """What the form is about; None for a modal that is no form."""
        try:
            return Under.model_validate_json(self.view.private_metadata) if self.view.callback_id == CALLBACK else None
        except ValidationError:
            return None

    @property
    def text(self) -> str:
        """The text, of its pieces in order."""
        text = ""
        for block, inputs in sorted(self.view.state.values.items(), key=lambda found: int(found[0].split(":")[0])):
            joint = "\n" if block.split(":")[1] == "line" else ""
            text += joint + "".join(one.value or "" for one in inputs.values())
        return text


class Forms:
    """Opens and fills modals. What Slack refuses is logged: the core is told where nothing is shown."""

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def open(self, click: ButtonClicked) -> None:
        """Open the modal of a click, empty as yet."""
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._client.views_open(trigger_id=click.token, view=waiting(click))
        except CALL_FAILED as error:
            log.warning("slack.form_not_opened", click=click.key, error=why(error))

    async def fill(self, click: ButtonClicked, form: Form) -> bool:
        """Show the text in the modal of a click or of a submission. Whether Slack took it."""
        return await self._update(click, _filled(click, form))

    async def end(self, click: ButtonClicked, words: str) -> bool:
        """Show the last words in it. Whether Slack took them."""
        return await self._update(click, _view(click, [_section(words)]))

    async def _update(self, click: ButtonClicked, view: JSON) -> bool:
        for pause in (*PAUSES, None):
            try:
                await self._client.views_update(external_id=click.token, view=view)
                return True
            except CALL_FAILED as error:
                absent = isinstance(error, SlackApiError) and refusal(error).code == "not_found"
                if not absent or pause is None:
                    log.warning("slack.form_not_shown", click=click.key, error=why(error))
                    return False
            await self._clock.sleep(pause)
        return False


def waiting(click: ButtonClicked) -> JSON:
    """The modal until there is something to show."""
    return _view(click, [_section(say(click.conversation.language, "One moment…"))])


def _filled(click: ButtonClicked, form: Form) -> JSON:
    head = [_section(f"{form.title}: {form.file}"), *map(_section, map(clean, form.problems[:TOLD_PROBLEMS]))]
    view = _view(click, [*head, *_inputs(form)])
    return {**view, "submit": _plain(say(click.conversation.language, "Save"))}


def _view(click: ButtonClicked, blocks: list[JSON]) -> JSON:
    place, language = click.conversation, click.conversation.language
    under = Under(button=click.button, channel=channel(place), thread=place.thread, message=click.message_id)
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "external_id": click.token,
        "private_metadata": under.model_dump_json(),
        "title": _plain(say(language, "Edit")),
        "close": _plain(say(language, "Close")),
        "blocks": blocks,
    }


def _inputs(form: Form) -> list[JSON]:
    """The text in pieces. Slack keeps what was typed into an input of the same name, so each text has its own."""
    stamp = crc32(form.text.encode())
    return [
        {
            "type": "input",
            "block_id": f"{number}:{'line' if whole and number else 'rest'}:{stamp}",
            "optional": True,
            "label": _plain(form.file if not number else "…"),
            "element": {
                "type": "plain_text_input",
                "action_id": "text",
                "multiline": True,
                **({"initial_value": piece} if piece else {}),
            },
        }
        for number, (whole, piece) in enumerate(pieces(form.text))
    ]


def pieces(text: str) -> list[tuple[bool, str]]:
    """The text in pieces that an input takes, each with whether it begins a line. Cut between lines where possible."""
    size = max(PIECE_CHARACTERS, -(-len(text) // MOST_PIECES))
    found: list[tuple[bool, str]] = []
    for line in text.rstrip("\n").split("\n"):
        parts = [line[start : start + size] for start in range(0, len(line), size)] or [""]
        if found and len(found[-1][1]) + 1 + len(parts[0]) <= size:
            found[-1] = found[-1][0], f"{found[-1][1]}\n{parts[0]}"
        else:
            found.append((True, parts[0]))
        found += [(False, part) for part in parts[1:]]
    return found


def _section(text: str) -> JSON:
    return {"type": "section", "text": _plain(shorten(text, SECTION_CHARACTERS))}


def _plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}
