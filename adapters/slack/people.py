"""Who people are: their names, remembered, and whether they administer the workspace, asked each time."""

import asyncio
from collections.abc import Iterable

import structlog
from pydantic import BaseModel, ValidationError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.failures import CALL_FAILED, why
from bot.domain.text import clean

log = structlog.get_logger()
NAMING_SECONDS = 1.0
"""How long an event waits for names; Slack wants it acknowledged within three seconds."""


class _Profile(BaseModel):
    display_name: str = ""


class _User(BaseModel):
    name: str = ""
    real_name: str = ""
    is_admin: bool = False
    is_owner: bool = False
    profile: _Profile = _Profile()


class People:
    """The people of one workspace, as users.info has them."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._names: dict[str, str] = {}

    async def names(self, users: Iterable[str]) -> dict[str, str]:
        """The names of users by their ids; those that Slack does not tell in time are left out."""
        wanted = set(users)
        unknown = wanted - self._names.keys()
        if unknown:
            await asyncio.gather(*map(self._learn, unknown))
        return {user: self._names[user] for user in wanted if user in self._names}

    async def administers(self, user: str) -> bool:
        """Whether the user is an admin or an owner of the workspace now. Raises as calls do (CALL_FAILED)."""
        found = await self._ask(user)
        return found.is_admin or found.is_owner

    async def _learn(self, user: str) -> None:
        try:
            async with asyncio.timeout(NAMING_SECONDS):
                found = await self._ask(user)
        except (*CALL_FAILED, ValidationError) as error:
            log.warning("slack.name_not_known", user=user, error=why(error))
        else:
            self._names[user] = clean(found.profile.display_name or found.real_name or found.name)

    async def _ask(self, user: str) -> _User:
        return _User.model_validate((await self._client.users_info(user=user)).get("user"))
