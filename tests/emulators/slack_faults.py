"""What can go wrong between a bot and Slack: the faults of telegram_faults, in Slack's words."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.emulators.slack_limits import Refusal
from tests.emulators.telegram_faults import Fault


class Troubles:
    """What will go wrong with the next requests: by the method's name, `download`, `upload` or `response_url`."""

    def __init__(self) -> None:
        self._faults: dict[str, list[Fault]] = defaultdict(list)

    def fault(self, method: str, fault: Fault, times: int = 1) -> None:
        """Let the next requests go wrong; faults of one method come one after the other."""
        self._faults[method] += [fault] * times

    def ails(self, method: str) -> bool:
        """Whether something will go wrong with the next such request."""
        return bool(self._faults[method])

    def heal(self) -> None:
        """No more faults."""
        self._faults.clear()

    async def befall(
        self, method: str, request: web.Request, act: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer a request by `act`, or as its fault wills."""
        faults = self._faults[method]
        fault = faults.pop(0) if faults else None
        kind = fault.kind if fault else ""
        if fault and kind == "refuse":
            return refusal(Refusal(fault.description, **fault.parameters))
        if fault and kind == "page":
            return page(fault.status)
        if kind == "drop":
            return hung_up(request)
        answer = await act()
        if kind == "lose":
            return hung_up(request)
        if fault and kind in ("garble", "break"):
            return page(200 if kind == "garble" else fault.status)
        await asyncio.sleep(fault.seconds if fault else 0)
        return answer


def refusal(refusal: Refusal) -> web.Response:
    """The answer to what is not done."""
    if not refusal.retry_after:
        return web.json_response(refusal.json())
    return web.json_response(refusal.json(), status=429, headers={"Retry-After": str(refusal.retry_after)})


def page(status: int) -> web.Response:
    """A web page where an answer should be."""
    return web.Response(text="<html><body>Server Error</body></html>", status=status, content_type="text/html")


def hung_up(request: web.Request) -> web.Response:
    """The connection ends."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def flood(retry_after: int = 1) -> Fault:
    """Not done, too many calls: wait so many seconds."""
    return Fault("refuse", 429, "ratelimited", {"retry_after": retry_after})


def refused(error: str) -> Fault:
    """Not done: an answer that is not ok, with this error."""
    return Fault("refuse", 200, error)


def server_error(status: int = 503) -> Fault:
    """Not done: a web page with this status comes instead of an answer."""
    return Fault("page", status)


def dropped() -> Fault:
    """Not done, and the connection ends."""
    return Fault("drop")


def lost_answer() -> Fault:
    """Done, but the connection ends before the answer."""
    return Fault("lose")


def slow(seconds: float) -> Fault:
    """Done, and the answer waits so many seconds."""
    return Fault("slow", seconds=seconds)


def garbled() -> Fault:
    """Done, but a web page with status 200 comes instead of the answer."""
    return Fault("garble")


def broken_off(status: int = 503) -> Fault:
    """Done, but a web page with this status comes instead of the answer."""
    return Fault("break", status)
