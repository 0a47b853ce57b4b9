"""A server that ends while somebody connects leaves no socket behind."""

import asyncio
import gc
import socket
import warnings

import pytest
from aiohttp import web

from adapters.serving import Site


@pytest.mark.parametrize("turns", range(8))
async def test_a_connection_made_at_the_end_is_not_lost(turns: int) -> None:
    runner = web.AppRunner(web.Application(), shutdown_timeout=0)
    await runner.setup()
    await Site(runner, "127.0.0.1", 0).start()
    gc.freeze()  # what other tests left behind is none of this one's
    with socket.create_connection(runner.addresses[0]), warnings.catch_warnings(record=True) as lost:
        warnings.simplefilter("always")
        for _ in range(turns):
            await asyncio.sleep(0)
        await runner.cleanup()
        await asyncio.sleep(0)
        gc.collect()
    gc.unfreeze()
    assert not [each for each in lost if each.category is ResourceWarning]
