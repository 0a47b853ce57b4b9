"""Who may decide in a scope: asked at the click, never by hiding a button."""

from collections.abc import Mapping, Sequence

from bot.domain.chat import Conversation, Person
from bot.ports import ChatAdapter


class Reviewers:
    """`configured` is APPRENTICE_REVIEWERS; without it the platform's admins decide in shared chats."""

    def __init__(self, adapters: Mapping[str, ChatAdapter], configured: Sequence[str]) -> None:
        self._adapters = adapters
        self._configured = frozenset(configured)

    async def may_decide(self, home: Conversation, clicked_in: Conversation, person: Person) -> bool:
        """Whether the person may decide on what belongs to the chat `home`, by a click in `clicked_in`.

        Raises DeliverLater when the platform cannot tell.
        """
        if (clicked_in.platform, clicked_in.chat) != (home.platform, home.chat):
            return False
        if home.direct:
            return True
        if self._configured:
            return person.id in self._configured
        adapter = self._adapters.get(home.platform)
        return adapter is not None and await adapter.is_admin(home, person)
