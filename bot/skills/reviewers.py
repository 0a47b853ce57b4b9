"""Who may decide in a scope, and who is in it: asked at the click, never by hiding a button."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from bot.domain.chat import Conversation, Person
from bot.domain.scope import EVERYWHERE, workspace
from bot.ports import ChatAdapter

Operator = Callable[[], Awaitable[str | None]]
"""The person who runs the process, if one is known."""


class Reviewers:
    """`configured` is APPRENTICE_REVIEWERS; without it the platform's admins decide in shared chats.

    Who is configured may also decide alone with the bot, as may the `operator` where nobody is.
    """

    def __init__(
        self, adapters: Mapping[str, ChatAdapter], configured: Sequence[str], operator: Operator | None = None
    ) -> None:
        self._adapters = adapters
        self._configured = tuple(configured)
        self._operator = operator

    async def may_decide(self, home: Conversation, clicked_in: Conversation, person: Person) -> bool:
        """Whether the person may decide on what belongs to the chat `home`, by a click in `clicked_in`.

        Raises DeliverLater when the platform cannot tell.
        """
        if home.direct and clicked_in.direct and f"{home.platform}:{home.chat}" == person.id:
            return True  # Slack takes a person's id for the chat alone with them, and tells clicks there by another
        if clicked_in.out_lane != home.out_lane:
            return not home.direct and clicked_in.direct and await self._decides_alone(person)
        if home.direct:
            return True
        if self._configured:
            return person.id in self._configured
        adapter = self._adapters.get(home.platform)
        return adapter is not None and await adapter.is_admin(home, person)

    async def may_decide_on(self, scope: str, here: Conversation, person: Person) -> bool:
        """Whether the person may decide, in the chat `here`, on what belongs to it or to a wider scope that it sees.

        For a workspace its people among the configured decide, else its admins; for all chats whoever runs the bot.
        Raises DeliverLater when the platform cannot tell.
        """
        if scope == here.scope:
            return await self.may_decide(here, here, person)
        if scope == EVERYWHERE:
            return here.platform == "console" or [person.id] == await self.asked(scope)
        if not scope == workspace(here.scope) == workspace(person.id):
            return False
        if asked := await self.asked(scope):
            return person.id in asked
        adapter = self._adapters.get(here.platform)
        return adapter is not None and await adapter.is_admin(replace(here, direct=False), person)

    async def is_here(self, home: Conversation, person: Person) -> bool:
        """Whether the person is still in the chat `home`. Raises DeliverLater when the platform cannot tell."""
        adapter = self._adapters.get(home.platform)
        return adapter is not None and await adapter.is_here(home, person)

    async def asked(self, scope: str) -> Sequence[str]:
        """The people who are asked about a wider scope; none: a workspace's admins, or nobody for all chats."""
        if scope != EVERYWHERE:
            return [person for person in self._configured if workspace(person) == scope]
        operator = await self._operator() if self._operator else None
        return [operator] if operator else self._configured[:1]

    async def _decides_alone(self, person: Person) -> bool:
        if self._configured:
            return person.id in self._configured
        return self._operator is not None and await self._operator() == person.id
