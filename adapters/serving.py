"""Where a web server listens, until it ends in order."""

import asyncio

from aiohttp import web

ACCEPTING = 3
"""Turns of the loop after which a connection that asyncio was accepting is known to its server."""


class Site(web.TCPSite):
    """An address of a server.

    A connection that is accepted just when its server closes is lost by asyncio with its socket open
    (`Server._attach` refuses it, nobody closes it). So this takes no more first, and lets the last ones arrive.
    """

    async def stop(self) -> None:
        """Take no more connections; those that are there go on until the runner's clean-up."""
        if isinstance(self._server, asyncio.Server):
            for listener in self._server.sockets:
                asyncio.get_running_loop().remove_reader(listener)
            for _ in range(ACCEPTING):
                await asyncio.sleep(0)
        await super().stop()
