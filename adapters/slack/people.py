"""Who people are: their names, languages and zones, remembered, and whether they administer, asked each time."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from pydantic import BaseModel, ValidationError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import CALL_FAILED, wait_asked, why
from bot.domain.text import clean
from bot.ports import Clock

log = structlog.get_logger()
NAMING_SECONDS = 1.0
"""How long an event waits for names; Slack wants it acknowledged within three seconds."""
MEMBERS = 999
"""Of a channel that Slack tells at once: less than 1,000 (docs.slack.dev/reference/methods/conversations.members)."""
REST = timedelta(seconds=30)
"""How long nobody is asked for after Slack was too slow: the events of a chat wait for each other."""


class _Profile(BaseModel):
    display_name: str = ""


class _User(BaseModel):
    name: str = ""
    real_name: str = ""
    is_admin: bool = False
    is_owner: bool = False
    locale: str = ""
    tz: str | None = None
    profile: _Profile = _Profile()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a user.

    `language` is an IETF tag (`en-US`), `zone` a time zone (`Europe/Berlin`); empty where Slack does not tell it.
    """

    name: str
    language: str
    zone: str


class People:
    """The people of one workspace, as users.info has them."""

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, Known] = {}
        self._rests_until = datetime.min.replace(tzinfo=UTC)

    async def known(self, users: Iterable[str]) -> dict[str, Known]:
        """The users by their ids; those of whom Slack does not tell in time are left out."""
        wanted = set(users)
        unknown = wanted - self._known.keys()
        if unknown and self._clock.now() >= self._rests_until:
            await asyncio.gather(*map(self._learn, unknown))
        return {user: self._known[user] for user in wanted if user in self._known}

    async def administers(self, user: str) -> bool:
        """Whether the user is an admin or an owner of the workspace now. Raises as calls do (CALL_FAILED)."""
        found = await self._ask(user)
        return found.is_admin or found.is_owner

    async def are_in(self, channel: str, user: str) -> bool:
        """Whether the user is a member of a channel now. Raises as calls do (CALL_FAILED)."""
        cursor = ""
        while True:
            answer = await self._client.conversations_members(channel=channel, limit=MEMBERS, cursor=cursor)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if user in answer["members"] or not cursor:
                return user in answer["members"]

    async def _learn(self, user: str) -> None:
        try:
            async with asyncio.timeout(NAMING_SECONDS):
                found = await self._ask(user)
        except (*CALL_FAILED, ValidationError) as error:
            log.warning("slack.name_not_known", user=user, error=why(error))
            wait = REST if isinstance(error, TimeoutError) else timedelta(seconds=wait_asked(error))
            self._rests_until = max(self._rests_until, self._clock.now() + wait)
        else:
            name = found.profile.display_name or found.real_name or found.name
            self._known[user] = Known(clean(name), clean(found.locale), clean(found.tz or ""))

    async def _ask(self, user: str) -> _User:
        answer = await self._client.users_info(user=user, include_locale=True)
        return _User.model_validate(answer.get("user"))
