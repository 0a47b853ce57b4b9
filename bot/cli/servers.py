"""The tools of the configured tool servers, for the commands that call tools."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from bot.clients.mcp import ServerTools, served
from bot.domain.privacy import Privacy
from bot.settings import Settings


async def tool_servers(settings: Settings, stack: AsyncExitStack) -> Sequence[ServerTools]:
    """Start the servers, if there are any; they end with the stack."""
    if not settings.servers:
        return ()
    return (await stack.enter_async_context(served(settings.servers, Privacy(settings.secrets).masked)),)
