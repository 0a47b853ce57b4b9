"""Pages of the web, from public addresses and from those that the operator opens.

A name is resolved once for each connection, and the connection is made to the very address that was judged: a name
that answers differently the next time (DNS rebinding) gains nothing. The certificate is held against the name. There
are no proxies from the environment, no cookies and no credentials.
"""

import asyncio
import re
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

import httpcore2
import httpx2

from bot.domain.network import Address, Opening, is_public
from bot.domain.text import plain, shorten
from bot.errors import ToolError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host's name and a port to its addresses. Raises OSError."""

MOST = 5_000_000
"""Bytes of a body, as sent and as unpacked."""
BEGINNING = 20_000
"""Bytes of the body of a refusal that are read."""
REDIRECTS = 5
SECONDS = 20.0
"""Time for all of it, redirects included."""
CONNECTING = 5.0
"""Seconds for one address of a host."""
LONGEST = 8_000
"""Characters of an address."""
LAST_PORT = 65_535
_MOVED = (301, 302, 303, 307, 308)
_MEDIA = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([\w.:+-]+)", re.ASCII | re.IGNORECASE)
_MEMBER = b"\x1f\x8b"
"""Begins what is packed by gzip."""
_HEADERS = [
    ("User-Agent", "apprentice"),
    ("Accept", "text/html, application/json, text/*;q=0.9, */*;q=0.1"),
    ("Accept-Encoding", "gzip"),
]
_RESOLVING = ThreadPoolExecutor(4)
"""Threads of their own: names whose servers never answer hold up nothing else that is done in threads."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: `media` is the type in small letters, `charset` what it says of the text, if anything.

    `body` is None where nobody wanted it; `url` is where the redirects ended.
    """

    url: str
    status: int
    media: str
    charset: str
    body: bytes | None

    @property
    def host(self) -> str:
        """The server's name."""
        return _host(httpx2.URL(self.url))

    @property
    def path(self) -> str:
        """Where it stands on the server."""
        return httpx2.URL(self.url).path

    @property
    def good(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300


async def resolved(host: str, port: int) -> Sequence[str]:
    """The system's own resolver."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVING, ask)
    return [str(address[0]) for *_, address in found]


class Web:
    """Fetches pages. `opened` is what may be reached beside public addresses; `seconds` limit a whole fetch."""

    def __init__(self, opened: Sequence[Opening] = (), resolve: Resolve = resolved, seconds: float = SECONDS) -> None:
        self._network = _Judged(opened, resolve)
        self._seconds = seconds
        self._tls: ssl.SSLContext | None = None

    async def fetch(self, url: str, wanted: Callable[[str], bool]) -> Answer:
        """Get it, following redirects. `wanted`: whether a body of such a media type is read. Raises ToolError."""
        host = "The server"
        try:
            async with asyncio.timeout(self._seconds):
                for _ in range(REDIRECTS + 1):
                    target = _target(url)
                    host = _host(target)
                    answer, url = await self._asked(target, wanted)
                    if not url:
                        return answer
        except TimeoutError:
            raise ToolError(f"{host} did not answer in full within {self._seconds:g} seconds.") from None
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
            why = shorten(plain(str(error)), 200) or "no answer in time"
            raise ToolError(f"{host} cannot be reached, or broke off: {why}.") from None
        raise ToolError(f"More than {REDIRECTS} redirects, the last of them by {host}: ask for another address.")

    async def _asked(self, url: httpx2.URL, wanted: Callable[[str], bool]) -> tuple[Answer, str]:
        """One request: the answer, and where it says that the page has moved to."""
        if url.scheme == "https":
            self._tls = self._tls or await asyncio.to_thread(httpcore2.default_ssl_context)
        asked = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = [("Host", url.netloc.decode()), *_HEADERS]
        async with (
            httpcore2.AsyncConnectionPool(self._tls, network_backend=self._network) as pool,
            pool.stream("GET", asked, headers=sent) as response,
        ):
            headers = httpx2.Headers(response.headers)
            moved = headers.get("location", "") if response.status in _MOVED else ""
            media, charset = _said(headers.get("content-type", "application/octet-stream"))
            body = await _body(response, headers, _host(url)) if wanted(media) and not moved else None
        return Answer(str(url), response.status, media, charset, body), _joined(url, moved) if moved else ""


class _Judged(httpcore2.AsyncNetworkBackend):
    """Opens connections to public addresses, and to what the operator opens; to nothing else."""

    def __init__(self, opened: Sequence[Opening], resolve: Resolve) -> None:
        self._opened = opened
        self._resolve = resolve
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first of the host's addresses that answers. Raises ToolError if any may not be reached."""
        failure: Exception = httpcore2.ConnectError("it has no address")
        for address in await self._addresses(host, port):
            try:
                return await self._network.connect_tcp(str(address), port, timeout=CONNECTING)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            found = [ip_address(address) for address in await self._resolve(host, port)]
        except (OSError, ValueError):  # a name that no resolver takes is a ValueError
            raise ToolError(f"Nobody knows the host {host}: check the address.") from None
        if any(opened.host == host and opened.port in (None, port) for opened in self._opened):
            return found
        if not all(map(self._reachable, found)):
            raise ToolError(
                f"{host} is no public address, so it is not fetched. The operator can open it: "
                "allow in the table http of apprentice.toml."
            )
        return found

    def _reachable(self, address: Address) -> bool:
        networks = (opened.network for opened in self._opened if opened.network is not None)
        return is_public(address) or any(address in network for network in networks)


def _target(url: str) -> httpx2.URL:
    """An address that may be asked. Raises ToolError; what it says holds no more of the address than its host."""
    try:
        target = httpx2.URL(url) if len(url) <= LONGEST else httpx2.URL()
    except (httpx2.InvalidURL, ValueError):
        target = httpx2.URL()
    if target.scheme not in ("http", "https") or not target.raw_host or (target.port or 0) > LAST_PORT:
        raise ToolError("Give the whole address of a page, as in https://example.org/page.")
    if target.userinfo:
        raise ToolError(f"The address at {_host(target)} holds a user or a password: give it without.")
    return target


def _joined(url: httpx2.URL, moved: str) -> str:
    try:
        return str(url.join(moved))
    except (httpx2.InvalidURL, ValueError):
        raise ToolError(f"{_host(url)} says that the page has moved, but not to an address.") from None


def _host(url: httpx2.URL) -> str:
    return url.raw_host.decode()


def _said(content_type: str) -> tuple[str, str]:
    """The media type, and the name of the encoding if it has one.

    Not by `email`, which raises ValueError and TypeError for some headers, and takes 7 s for others of 90 KB.
    """
    media, charset = _MEDIA.match(content_type), _CHARSET.search(content_type)
    return media[0].lower() if media else "text/plain", charset[1] if charset else ""


class _Gzip:
    """Unpacks one member after the other (RFC 1952): servers join files that were packed apart."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        """Whether what came is whole."""
        return self._member.eof

    def more(self, chunk: bytes, most: int) -> bytes:
        """What a chunk holds, at most so many bytes of it. Raises zlib.error."""
        body = self._member.decompress(chunk, most)
        while self._member.eof and len(body) < most and (rest := self._member.unused_data).startswith(_MEMBER):
            self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
            body += self._member.decompress(rest, most - len(body))
        return body


async def _body(response: httpcore2.Response, headers: httpx2.Headers, host: str) -> bytes:
    """The body unpacked: whole, or the beginning of what a refusal says. Raises ToolError."""
    packed = headers.get("content-encoding", "identity").lower()
    if packed not in ("identity", "gzip"):
        raise ToolError(f"{host} packs its answer in a way that was not asked for: {plain(packed[:60])}.")
    unpacking, sent, body = _Gzip(), 0, bytearray()
    most = MOST if response.status < 300 else BEGINNING
    async with aclosing(response.aiter_stream()) as chunks:
        async for chunk in chunks:
            sent += len(chunk)
            # One byte more than may come tells that more would.
            body += _unpacked(unpacking, chunk, most + 1 - len(body), host) if packed == "gzip" else chunk
            if max(sent, len(body)) > most:
                break
    if max(sent, len(body)) > most == MOST:
        raise ToolError(f"{host} sends more than {MOST} bytes: ask for a smaller page.")
    if packed == "gzip" and sent and not unpacking.eof and most == MOST:
        raise ToolError(f"The answer of {host} is broken: its end is missing.")
    return bytes(body[:most])


def _unpacked(unpacking: _Gzip, chunk: bytes, most: int, host: str) -> bytes:
    try:
        return unpacking.more(chunk, most)
    except zlib.error:
        raise ToolError(f"The answer of {host} is broken: it cannot be unpacked.") from None
