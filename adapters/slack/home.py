"""The App Home: a person's page of the bot (docs.slack.dev/surfaces/app-home)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from adapters.slack.ids import Me, channel
from adapters.slack.people import People
from adapters.slack.rich_text import rich_text
from adapters.slack.text import buttons
from bot.domain.chat import Home, HomeOpened, Outgoing
from bot.domain.json import JSON
from bot.domain.text import shorten

OPENED = "app_home_opened"
TAB = "home"
BLOCKS = 100
BYTES = 240_000
"""Of the 250 KB that a view may have, those of its blocks."""
PIECE_CHARACTERS = 4_000


class Opened(BaseModel):
    """An event OPENED."""

    user: str
    channel: str
    tab: str = ""


class View(BaseModel):
    """What a click says of the view that it was made in; a home keeps there which direct chat is its person's."""

    type: str = ""
    private_metadata: str = ""

    @property
    def channel(self) -> str:
        """The id of the direct chat; empty for a view that is no home."""
        return self.private_metadata if self.type == TAB else ""


async def read(event: Mapping[str, Any], event_id: str, me: Me, people: People, now: datetime) -> HomeOpened | None:
    """Who looks at their home; None for another tab.

    Raises pydantic's ValidationError for what does not have Slack's shape.
    """
    opened = Opened.model_validate(event)
    if opened.tab != TAB:
        return None
    known = (await people.known({opened.user})).get(opened.user)
    place = me.place(opened.channel, "", known.language if known else "")
    return HomeOpened(me.key("event", event_id), place, me.person(opened.user, known.name if known else ""), now)


def view(home: Home) -> JSON:
    """The pieces that Slack takes, from the top. Raises ValueError for a button that it cannot carry."""
    blocks: list[JSON] = []
    room = BYTES
    for more in map(_blocks, home.pieces):
        room -= len(json.dumps(more))
        if room < 0 or len(blocks) + len(more) > BLOCKS:
            break
        blocks += more
    return {"type": TAB, "private_metadata": channel(home.conversation), "blocks": blocks}


def _blocks(piece: Outgoing) -> list[JSON]:
    text, rows = rich_text(shorten(piece.text, PIECE_CHARACTERS)), [buttons(row) for row in piece.buttons]
    is_heading = [block["type"] for block in text] == ["header"]
    return [*text, *rows] if is_heading else [*text, *rows, {"type": "divider"}]
