"""`http_get` against a real server on loopback: what it gives, and what it never reaches."""

import asyncio
import gzip
import json
import ssl
import threading
import tracemalloc
from collections.abc import AsyncIterator
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clients import web
from bot.clients.web import MOST, Web
from bot.domain.chat import Conversation, Person
from bot.domain.json import JSON
from bot.domain.network import is_public, opening
from bot.domain.text import LARGEST
from bot.domain.tool import ToolResult
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.tools.http import HttpTool
from tests.growth import grows_with_its_size
from tests.tools.pages import Names, Pages, serving
from tests.tools.pdfs import pdf

HERE = ToolContext(Conversation("console", "local"), Person("console:ann"))
CERTIFICATE = Path(__file__).with_name("shop.pem")
PUBLIC = "93.184.216.34"
MIB = bytes(2**20)


@pytest.fixture
async def pages() -> AsyncIterator[Pages]:
    async with serving() as pages:
        yield pages


async def got(url: str, *allow: str, names: Names | None = None, seconds: float = 5.0) -> ToolResult:
    """What the tool gives, with loopback open unless it is said what is."""
    opened = [opening(text) for text in allow or ("127.0.0.1",)]
    resolve = {"resolve": names} if names else {}
    tool = HttpTool(web=Web(opened, seconds=seconds, **resolve))
    return await tool.call("http_get", {"url": url}, HERE)


async def told(pages: Pages, body: str | bytes, media: str = "text/html", **headers: str) -> JSON:
    pages.put("/page", body, media, **headers)
    return (await got(pages.url("/page"))).content


async def refused(url: str, *allow: str, names: Names | None = None, seconds: float = 5.0) -> str:
    with pytest.raises(ToolError) as caught:
        await got(url, *allow, names=names, seconds=seconds)
    assert len(str(caught.value)) < 400
    return str(caught.value)


# What it gives.


async def test_html_is_text_with_its_links(pages: Pages) -> None:
    page = """<!doctype html><title>Prices &amp;
    terms</title><style>p {}</style><script>alert(1)</script><h1>Prices</h1>
    <p>A <b>tea</b> is <a href="/tea?size=1">here</a>.</p><ul><li>one<li>two</ul><table><tr><td>green<td>3</table>"""
    text = str(await told(pages, page))
    assert text.startswith("Prices & terms\n\nPrices\n")
    assert f"A tea is [here]({pages.url('/tea?size=1')})." in text
    assert "* one" in text
    assert "green  3" in text
    assert "alert" not in text
    assert "<" not in text


async def test_json_is_json(pages: Pages) -> None:
    value = {"orders": [{"id": 7, "city": "Zürich"}], "none": None}
    assert await told(pages, json.dumps(value), "application/json") == value
    assert await told(pages, "[1, 2]", "application/hal+json; charset=utf-8") == [1, 2]
    assert await told(pages, "{broken", "application/json") == "{broken"
    assert await told(pages, "[NaN]", "application/json") == "[NaN]"
    pages.put("/data.json?v=2", '{"a": 1}', "text/plain")
    assert (await got(pages.url("/data.json?v=2"))).content == {"a": 1}


async def test_other_text_is_text(pages: Pages) -> None:
    assert await told(pages, "a,b\n1,2\n", "text/csv") == "a,b\n1,2\n"
    assert await told(pages, '{"a": 1}', "text/plain") == '{"a": 1}'
    assert await told(pages, "<a/>", "application/atom+xml") == "<a/>"
    assert await told(pages, "unnamed", "application/octet-stream") == "unnamed"
    assert await told(pages, "", "text/plain") == ""
    pages.answers["/bare"] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbare"
    assert (await got(pages.url("/bare"))).content == "bare"


@pytest.mark.parametrize(
    ("body", "media"),
    [
        ("Größe".encode("latin-1"), "text/plain; charset=iso-8859-1"),
        ("Größe".encode(), "text/plain; charset=ascii"),
        ("Größe".encode(), "text/plain; charset=no-such"),
        ("Größe".encode(), 'text/plain; charset="'),
        ("Größe".encode("utf-16"), "text/plain; charset=utf-16"),
        ("Größe".encode("utf-8-sig"), "text/plain"),
        ("Größe".encode("shift_jisx0213"), "text/plain; charset=Shift_JISX0213"),
        ("Größe".encode(), "text/plain; charset=punycode"),
        ("Größe".encode(), "text/plain; charset=rot13"),
    ],
)
async def test_text_in_any_encoding(pages: Pages, body: bytes, media: str) -> None:
    assert await told(pages, body, media) == "Größe"


async def test_an_encoding_that_is_none_of_texts_is_not_used(pages: Pages) -> None:
    assert await told(pages, "hi-there", "text/plain; charset=punycode") == "hi-there"
    assert await told(pages, r"\x41", "text/plain; charset=unicode_escape") == r"\x41"


async def test_a_page_that_names_its_own_encoding(pages: Pages) -> None:
    page = '<meta charset="windows-1251"><p>Привет, как дела сегодня?</p>'
    assert await told(pages, page.encode("windows-1251")) == "Привет, как дела сегодня?"


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (pdf("words"), "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
        (b"\0\1\2\xff", "application/octet-stream"),
        (b"Gr\xf6\xdfe", "application/octet-stream"),
    ],
)
async def test_what_is_no_text_is_refused_in_a_sentence(pages: Pages, body: bytes, media: str) -> None:
    pages.put("/file", body, media)
    assert await refused(pages.url("/file")) == f"127.0.0.1 gives {media} there; only text, HTML and JSON can be read."


async def test_what_is_no_text_is_not_even_fetched(pages: Pages) -> None:
    pages.answers["/film"] = (b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n", MIB)
    assert "video/mp4" in await refused(pages.url("/film"))


async def test_a_refusal_by_the_server_is_a_failure_with_its_words(pages: Pages) -> None:
    pages.put("/gone", "<title>Gone</title><p>It was <b>sold</b>.", status=410)
    assert await got(pages.url("/gone")) == ToolResult("127.0.0.1 answered with status 410: Gone\n\nIt was sold.", True)
    pages.put("/json", '{"error": "no"}', "application/json", status=404)
    assert (await got(pages.url("/json"))).content == '127.0.0.1 answered with status 404: {"error": "no"}'
    pages.put("/picture", b"\0\xff", "image/png", status=500)
    assert await got(pages.url("/picture")) == ToolResult("127.0.0.1 answered with status 500.", True)
    head = b"HTTP/1.1 503 X\r\nContent-Type: text/plain\r\n\r\n"
    pages.answers["/endless"] = (head, b"busy " * 10_000)
    answer = await got(pages.url("/endless"))
    assert answer.failed
    assert str(answer.content).startswith("127.0.0.1 answered with status 503: busy busy")
    assert len(str(answer.content)) < 600


async def test_long_text_is_cut(pages: Pages) -> None:
    text = str(await told(pages, "x" * (LARGEST + 1), "text/plain"))
    assert text[LARGEST:].startswith("\n[Cut: ")
    assert str(await told(pages, json.dumps(["x" * LARGEST]), "application/json")).endswith("Ask for less.]")


async def test_packed_answers(pages: Pages) -> None:
    page = gzip.compress(b"many words " * 1000)
    assert await told(pages, page, "text/plain", Content_Encoding="gzip") == "many words " * 1000
    assert await told(pages, page + page + b"\x1f", "text/plain", Content_Encoding="gzip") == "many words " * 2000
    with pytest.raises(ToolError, match="its end is missing"):
        await told(pages, page + page[:-20], "text/plain", Content_Encoding="gzip")
    assert "accept-encoding: gzip\r\n" in pages.asked[-1].lower()
    with pytest.raises(ToolError, match="its end is missing"):
        await told(pages, page[:-20], "text/plain", Content_Encoding="gzip")
    with pytest.raises(ToolError, match="cannot be unpacked"):
        await told(pages, b"no gzip", "text/plain", Content_Encoding="gzip")
    with pytest.raises(ToolError, match="was not asked for: br"):
        await told(pages, page, "text/plain", Content_Encoding="br")


async def test_only_what_it_must_say_is_said(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    pages.put("/a", "a", Set_Cookie="session=1; Path=/")
    pages.move("/moved", "/a")
    await got(pages.url("/moved"))
    pages.put("/a?x=1", "b")
    await got(pages.url("/a?x=1#part"))
    for head in pages.asked:
        names = {line.partition(":")[0].lower() for line in head.strip().splitlines()[1:]}
        assert names == {"host", "user-agent", "accept", "accept-encoding"}
        assert f"Host: 127.0.0.1:{pages.port}\r\n" in head
    assert [head.split()[1] for head in pages.asked] == ["/moved", "/a", "/a?x=1"]


# Whom it never reaches.


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org/x",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://127.0.0.1:6379/_x",
        "data:text/plain,x",
        "javascript:alert(1)",
        "http://",
        "http:///etc/passwd",
        "http://exa\nmple.org/",
        "http://[::1/",
        "http://example.org:port/",
        "http://0177.0.0.1/",
        "http://①②⑦.⓪.⓪.①/",
        "http://example.org/" + "x" * 9000,
        "\ud800",
        "http://\ud800/",
        "http://example.org:65536/",
    ],
)
async def test_what_is_no_address_of_the_web(url: str) -> None:
    assert await refused(url) == "Give the whole address of a page, as in https://example.org/page."


async def test_a_name_that_cannot_be_decoded() -> None:
    assert "Nobody knows the host" in await refused("http://[xn--", names=Names({}))


@pytest.mark.parametrize(
    "url",
    ["http://ann:hunter2@example.org/", "http://hunter2@example.org/", "http://example.org\\:hunter2@127.0.0.1/"],
)
async def test_credentials_are_refused_and_not_repeated(url: str) -> None:
    said = await refused(url)
    assert "user or a password" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("path", ["/", "/x?a=b"])
async def test_nothing_but_public_addresses_by_default(pages: Pages, path: str) -> None:
    pages.put(path, "inside")
    said = await refused(pages.url(path), "10.0.0.0/8")
    assert "is no public address" in said
    assert "apprentice.toml" in said
    assert pages.asked == []


SPELLED = {
    "2130706433": "127.0.0.1",
    "0x7f000001": "127.0.0.1",
    "127.1": "127.0.0.1",
    "0": "0.0.0.0",  # noqa: S104 - an address to be refused
    "localhost": "127.0.0.1",
    "localhost.": "127.0.0.1",
    "metadata.google.internal": "169.254.169.254",
    "::1": "::1",
    "::ffff:127.0.0.1": "::ffff:127.0.0.1",
    "::ffff:7f00:1": "::ffff:127.0.0.1",
    "fe80::1%25lo": "fe80::1%lo",
    "fe80::1%lo": "fe80::1%lo",
    "64:ff9b::7f00:1": "64:ff9b::7f00:1",
    "2002:7f00:1::": "2002:7f00:1::",
    "127.0.0.1.nip.example": "127.0.0.1",
}


@pytest.mark.parametrize("host", SPELLED)
async def test_odd_spellings_lead_nowhere_else(pages: Pages, host: str) -> None:
    # What the system's resolver makes of them is judged, not what they look like.
    pages.put("/", "inside")
    names = Names({host: [[SPELLED[host]]]})
    spelled = f"[{host}]" if "::" in host else host
    assert "is no public address" in await refused(pages.url("/", spelled), "10.0.0.0/8", names=names)
    assert names.asked == [host]
    assert pages.asked == []


async def test_a_name_with_one_private_address_is_refused_whole(pages: Pages) -> None:
    pages.put("/", "inside")
    names = Names({"shop.example": [[PUBLIC, "127.0.0.1"]], "none.example": [[]], "odd.example": [["nonsense"]]})
    assert "is no public address" in await refused(pages.url("/", "shop.example"), "10.0.0.0/8", names=names)
    assert "cannot be reached" in await refused(pages.url("/", "none.example"), names=names)
    assert "Nobody knows the host odd.example" in await refused(pages.url("/", "odd.example"), names=names)
    assert "Nobody knows the host no.example" in await refused(pages.url("/", "no.example"), names=names)
    assert pages.asked == []


async def test_a_name_that_changes_its_mind_is_reached_where_it_was_judged(pages: Pages) -> None:
    pages.put("/", "first")
    names = Names({"shop.example": [["127.0.0.1"], ["10.0.0.1"]]})
    # Were the name resolved again for the connection, the second answer would be reached for, and the test fail.
    assert (await got(pages.url("/", "shop.example"), names=names)).content == "first"
    assert names.asked == ["shop.example"]
    assert f"Host: shop.example:{pages.port}\r\n" in pages.asked[0]
    assert "is no public address" in await refused(pages.url("/", "shop.example"), names=names)


async def test_the_first_address_that_answers_is_taken(pages: Pages) -> None:
    pages.put("/", "here")
    names = Names({"shop.example": [["127.0.0.2", "127.0.0.1"]]})
    assert (await got(pages.url("/", "shop.example"), "127.0.0.0/8", names=names)).content == "here"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(pages: Pages, status: int) -> None:
    pages.move("/old", "new", status)
    pages.put("/new", "<a href='x'>moved</a>")
    assert (await got(pages.url("/old"))).content == f"[moved]({pages.url('/x')})"


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("http://10.0.0.1/", "is no public address"),
        ("http://inner.example/", "is no public address"),
        ("//inner.example/", "is no public address"),
        ("http://[::ffff:169.254.169.254]/latest/meta-data/", "is no public address"),
        ("file:///etc/passwd", "Give the whole address"),
        ("http://ann:hunter2@shop.example/", "user or a password"),
        ("http://other.example:port/", "not to an address"),
    ],
)
async def test_each_redirect_is_judged_anew(pages: Pages, location: str, problem: str) -> None:
    names = Names(
        {
            "shop.example": [["127.0.0.1"]],
            "inner.example": [[PUBLIC, "169.254.169.254"]],
            "10.0.0.1": [["10.0.0.1"]],
            "::ffff:169.254.169.254": [["::ffff:169.254.169.254"]],
        }
    )
    pages.move("/", location)
    said = await refused(pages.url("/", "shop.example"), f"shop.example:{pages.port}", names=names)
    assert problem in said
    assert "hunter2" not in said


async def test_a_redirect_back_is_judged_by_what_the_name_means_by_then(pages: Pages) -> None:
    names = Names({"shop.example": [["127.0.0.1"], ["10.0.0.1"]]})
    pages.move("/", "/next")
    pages.put("/next", "inside")
    assert "is no public address" in await refused(pages.url("/", "shop.example"), names=names)
    assert [head.split()[1] for head in pages.asked] == ["/"]


async def test_redirects_end(pages: Pages) -> None:
    for number in range(7):
        pages.move(f"/{number}", f"/{number + 1}")
    pages.put("/5", "the fifth")
    assert (await got(pages.url("/0"))).content == "the fifth"
    pages.move("/5", "/6")
    pages.put("/6", "the sixth")
    assert "More than 5 redirects" in await refused(pages.url("/0"))


async def test_a_host_is_opened_by_its_name_and_port(pages: Pages) -> None:
    pages.put("/", "intranet")
    names = Names({"intranet.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]})
    url = pages.url("/", "INTRANET.example")
    assert (await got(url, "intranet.example", names=names)).content == "intranet"
    assert (await got(url, f"intranet.example:{pages.port}", names=names)).content == "intranet"
    assert "is no public" in await refused(url, "intranet.example:1", names=names)
    assert "is no public" in await refused(pages.url("/", "other.example"), "intranet.example", names=names)
    assert "is no public" in await refused(
        pages.url("/", "intranet.example."), "example", names=Names({"intranet.example.": [["127.0.0.1"]]})
    )


async def test_the_certificate_is_held_against_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    asked = []
    tls.sni_callback = lambda connection, name, context: asked.append(name)
    async with serving(tls) as pages:
        pages.put("/", "safe")
        names = Names({"shop.example": [["127.0.0.1"]], "thief.example": [["127.0.0.1"]]})
        assert (await got(pages.url("/", "shop.example", "https"), names=names)).content == "safe"
        assert "cannot be reached" in await refused(pages.url("/", "thief.example", "https"), names=names)
        assert "cannot be reached" in await refused(pages.url("/", scheme="https"))
        assert asked == ["shop.example", "thief.example", None]
        assert len(pages.asked) == 1
    monkeypatch.delenv("SSL_CERT_FILE")


@settings(max_examples=100)
@given(st.lists(st.ip_addresses(), min_size=1, max_size=3))
async def test_nothing_is_connected_to_but_public_addresses(addresses: list[IPv4Address | IPv6Address]) -> None:
    reached: list[str] = []

    async def connect(self: object, host: str, port: int, **_: object) -> None:
        reached.append(host)
        raise web.httpcore2.ConnectError("a test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web.httpcore2.AnyIOBackend, "connect_tcp", connect)
        names = Names({"any.example": [[str(address) for address in addresses]]})
        await refused("http://any.example/", "intranet.example", names=names)
    public = all(map(is_public, addresses))
    assert reached == ([str(address) for address in addresses] if public else [])


async def test_names_that_nobody_answers_hold_up_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def hang(host: str, port: int, **given: object) -> list[object]:
        answered.wait()
        raise OSError("it is not known")

    monkeypatch.setattr("socket.getaddrinfo", hang)
    asking = [asyncio.create_task(refused(f"http://slow{number}.example/")) for number in range(40)]
    try:
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            assert await asyncio.to_thread(lambda: "done") == "done"
    finally:
        answered.set()
        await asyncio.gather(*asking)


# What ends.


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), st.integers(min_value=1, max_value=60))
def test_packed_members_follow_one_another_wherever_they_are_cut(parts: list[bytes], size: int) -> None:
    packed, unpacking = b"".join(map(gzip.compress, parts)) + b"what follows", web._Gzip()
    chunks = (packed[start : start + size] for start in range(0, len(packed), size))
    assert b"".join([unpacking.more(chunk, 1000) for chunk in chunks]) == b"".join(parts)
    assert unpacking.eof


async def test_many_members_are_one_bomb(pages: Pages) -> None:
    pages.put("/", gzip.compress(MIB) * 40, "text/plain", Content_Encoding="gzip")
    assert "sends more than" in await refused(pages.url("/"))


@pytest.mark.parametrize(
    ("says", "body"),
    [
        ("text/plain; charset*" + "9" * 5000 + "*=x", "ü".encode()),
        ("text/plain; charset*=latin-1; charset*1*=x", "ü".encode()),
        ('text/plain; CharSet = "cp037" ; x', "ü".encode("cp037")),
        ("text/plain;charset=cp037", "ü".encode("cp037")),
        ("nothing", "ü".encode()),
    ],
)
async def test_whatever_a_server_says_of_the_encoding(pages: Pages, says: str, body: bytes) -> None:
    assert await told(pages, body, says) == "ü"


def test_reading_what_a_server_says_grows_with_its_size() -> None:
    """It stands in the way of everybody: by `email` 90 KB take 7 s."""
    said = [f'text/plain; a="{";" * size}' for size in (20_000, 80_000)]
    assert grows_with_its_size(*(partial(web._said, each) for each in said))


@pytest.mark.parametrize("head", [b"Content-Length: 99999999999\r\n", b"Connection: close\r\n"])
async def test_endless_answers_end(pages: Pages, head: bytes) -> None:
    pages.answers["/"] = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + head + b"\r\n", MIB)
    assert await refused(pages.url("/")) == f"127.0.0.1 sends more than {MOST} bytes: ask for a smaller page."


async def test_a_bomb_is_not_unpacked(pages: Pages) -> None:
    bomb = gzip.compress(MIB * 40)
    pages.put("/", bomb, "text/plain", Content_Encoding="gzip")
    assert len(bomb) < 50_000
    tracemalloc.start()
    assert "sends more than" in await refused(pages.url("/"))
    assert tracemalloc.get_traced_memory()[1] < 4 * MOST
    tracemalloc.stop()


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nslow", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Ty", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n",) * 2,
        (b"",),
    ],
)
async def test_what_does_not_end_is_given_up(pages: Pages, parts: tuple[bytes, ...]) -> None:
    pages.answers["/"] = parts
    async with asyncio.timeout(60):
        said = await refused(pages.url("/"), seconds=0.1)
    assert said == "127.0.0.1 did not answer in full within 0.1 seconds."


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 40_000 + b"\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
    ],
)
async def test_what_is_no_http_is_a_sentence(pages: Pages, answer: bytes) -> None:
    pages.answers["/"] = answer
    assert "cannot be reached, or broke off" in await refused(pages.url("/"))


async def test_a_server_that_is_not_there() -> None:
    async with serving() as pages:
        url = pages.url("/")
    assert "cannot be reached" in await refused(url)
