"""Tool servers: real processes and a real HTTP server, that crash, hang, lie and come back."""

import asyncio
import gzip
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.clients.mcp import ServerTools, served
from bot.clients.mcp_server import Pace
from bot.clients.mcp_tool import own_name
from bot.domain.text import LARGEST
from bot.domain.tool import Tool
from bot.errors import ToolError
from bot.mcp_json import Server
from bot.ports import ToolContext
from tests.engine.made import ANA, ROOM
from tests.ports import kept_port

HERE = Path(__file__).parent
CONTEXT = ToolContext(ROOM, ANA)
PACE = Pace(start=20, answer=20, look=0.2, again=0.05, longest=0.2)
STAND = Server(command=sys.executable, args=(str(HERE / "tool_server.py"),), seconds=20)
OLD = Server(command=sys.executable, args=(str(HERE / "old_tool_server.py"),))


def masked(text: str) -> str:
    return text.replace("s3cret", "[secret]")


@asynccontextmanager
async def opened(servers: Mapping[str, Server], pace: Pace = PACE) -> AsyncIterator[ServerTools]:
    async with served(servers, masked, pace) as source:
        await until(source, lambda tools: {tool.name.partition("__")[0] for tool in tools} >= set(servers))
        yield source


async def until(source: ServerTools, holds: Callable[[Sequence[Tool]], bool]) -> None:
    """Look again and again: what the processes do comes when it comes."""
    async with asyncio.timeout(60):
        while not holds(await source.tools(CONTEXT)):  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.01)


def here(name: str) -> Callable[[Sequence[Tool]], bool]:
    return lambda tools: any(tool.name == name and not tool.away for tool in tools)


async def call(source: ServerTools, name: str, **arguments: Any) -> Any:
    return await source.call(name, arguments, CONTEXT)


async def test_tools_come_with_their_schemas_and_hints() -> None:
    async with opened({"stand": STAND}) as source:
        tools = {tool.name: tool for tool in await source.tools(CONTEXT)}
        order = tools["stand__order"]
        assert order.description == "An order, by its number."
        assert order.schema["properties"]["number"]["type"] == "integer"
        reads = {name: tool.reads for name, tool in tools.items()}
        assert reads["stand__order"]
        assert not reads["stand__list_and_delete"]
        assert reads["stand__get_text"]
        assert not reads["stand__crash"]
        assert not order.outside
        assert tools["stand__get_text"].outside  # its name says that it reads, and nobody vouches for it
        result = await call(source, "stand__order", number=7)
        assert (result.content, result.failed) == ({"number": 7, "status": "open", "city": "Köln"}, False)


async def test_names_are_made_to_fit_and_a_clash_is_told() -> None:
    with capture_logs() as logs:
        async with opened({"stand": STAND}) as source:
            names = {tool.name for tool in await source.tools(CONTEXT)}
            (long,) = (name for name in names if "long" in name)
            assert len(long) == 64
            assert (await call(source, long)).content == "long"
            assert (await call(source, "stand__an_odd_name")).content == "hyphen"
    (told,) = (line["why"] for line in logs if line["event"] == "mcp.tool_refused")
    assert told == "'an_odd_name' and 'an odd.name' are both stand__an_odd_name here; the first is kept"
    assert own_name("stand", "x" * 90) != own_name("stand", "x" * 91)


async def test_what_is_no_text_is_named_in_words() -> None:
    async with opened({"stand": STAND}) as source:
        assert (await call(source, "stand__send_all")).content == (
            "as asked:\n"
            "[a picture (image/png, 3 bytes), which cannot be shown here]\n"
            "[a sound (audio/wav, 3 bytes), which cannot be shown here]\n"
            "[a link to report: file:///srv/report.pdf]\n"
            "[memo://1:]\na memo\n"
            "[the file file:///srv/a.bin, which is no text]"
        )


async def test_what_is_too_long_is_cut_with_a_sentence() -> None:
    async with opened({"stand": STAND}) as source:
        text = (await call(source, "stand__get_text", characters=3_000_000)).content
        assert text[LARGEST:] == "\n[Cut: these are the first 100,000 of 3,000,000 characters. Ask for less.]"
        rows = (await call(source, "stand__get_rows", count=100_000)).content
        assert rows.startswith('{"rows": [0, 1, 2')
        assert rows[LARGEST:].startswith("\n[Cut:")
        assert (await call(source, "stand__get_rows", count=3)).content == {"rows": [0, 1, 2]}


async def test_an_error_is_a_failed_result() -> None:
    async with opened({"stand": STAND}) as source:
        refused = await call(source, "stand__refuse", reason="no such order")
        assert refused.failed
        assert "no such order" in refused.content
        silent = await call(source, "stand__fail_silently")
        assert (silent.content, silent.failed) == ("It failed and did not say why.", True)
        wrong = await call(source, "stand__order", number="seven")
        assert wrong.failed
        with pytest.raises(ToolError, match="No tool server has stand__gone any more"):
            await call(source, "stand__gone")


async def test_a_process_sees_no_secret_that_it_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "42:never-to-be-seen")
    given = STAND.model_copy(update={"env": {"ORDERS_KEY": "k-1"}})
    async with opened({"stand": given}) as source:
        seen = (await call(source, "stand__show_environment")).content
    assert seen["ORDERS_KEY"] == "k-1"
    assert "never-to-be-seen" not in str(seen)
    assert seen.keys() <= {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "ORDERS_KEY", "LC_CTYPE"}


async def test_one_that_dies_is_said_to_be_away_and_comes_back() -> None:
    with capture_logs() as logs:
        async with opened({"stand": STAND}) as source:
            with pytest.raises(ToolError) as caught:
                await call(source, "stand__crash")
            assert str(caught.value) == (
                "The tool server stand ended while stand__crash ran. "
                "Whether it was done is unknown: look before you call it again, and tell the person."
            )
            await until(source, lambda tools: all(tool.away for tool in tools))
            with pytest.raises(ToolError) as away:
                await call(source, "stand__order", number=7)
            assert str(away.value) == (
                "The tool server stand is not there: "
                "it has ended (its last words: out of paper; token [secret]-in-words). "
                "It is started again by itself; tell the person, or go on without it."
            )
            await until(source, here("stand__order"))
            assert (await call(source, "stand__order", number=8)).content["number"] == 8
    (line,) = (line for line in logs if line["event"] == "mcp.away")
    assert line["server"] == "stand"
    assert "its last words" in line["why"]


async def test_one_that_is_slow_ends_the_call_alone() -> None:
    slow = STAND.model_copy(update={"seconds": 3.0})
    async with opened({"stand": slow}) as source:
        with pytest.raises(ToolError, match=r"gave no answer within 3 s\. Whether it was done is unknown"):
            await call(source, "stand__sleep")
        assert (await call(source, "stand__order", number=7)).content["number"] == 7


async def test_one_that_hangs_is_started_again() -> None:
    slow = STAND.model_copy(update={"seconds": 0.3})
    async with opened({"stand": slow}, Pace(start=20, answer=0.5, look=0.2, again=0.05)) as source:
        with pytest.raises(ToolError, match=r"gave no answer within 0\.3 s\. Try again in a moment"):
            await call(source, "stand__get_stuck")
        await until(source, lambda tools: all("does not answer" in tool.away for tool in tools))
        await until(source, here("stand__order"))


async def test_one_that_is_not_there_delays_nobody_and_says_so() -> None:
    gone = Server(command="no-such-program-of-ours")
    with capture_logs() as logs:
        async with opened({"stand": STAND}) as _, served({"gone": gone}, masked, PACE) as source:
            assert await source.tools(CONTEXT) == []
            with pytest.raises(ToolError):
                await call(source, "gone__order")
    assert "no-such-program-of-ours" in next(line["why"] for line in logs if line["event"] == "mcp.away")


async def test_a_list_that_changes_is_read_again() -> None:
    async with opened({"stand": STAND}, Pace(look=3600)) as source:
        await call(source, "stand__grow")
        await until(source, here("stand__find_fruit"))
        assert (await call(source, "stand__find_fruit")).content == "grown"


async def test_a_server_of_the_old_protocol_that_lies() -> None:
    with capture_logs() as logs:
        async with opened({"old": OLD}, Pace(look=3600)) as source:
            tools = {tool.name: tool for tool in await source.tools(CONTEXT)}
            assert tools.keys() == {"old__getPrice", "old__give_infinity", "old__grow"}
            assert tools["old__getPrice"].reads
            assert tools["old__getPrice"].schema == {"type": "object", "properties": {}}
            # Held against no schema of the server's, which can make that endless.
            assert (await call(source, "old__getPrice")).content == {"price": "1" * 24 + " €"}
            with pytest.raises(ToolError, match="no JSON that can be kept"):
                await call(source, "old__give_infinity")
            assert (await call(source, "old__grow")).content == "12 €"
            await until(source, here("old__grown"))
    refused = [line["why"].partition(":")[0] for line in logs if line["event"] == "mcp.tool_refused"]
    assert refused[:5] == [f"'{name}' is left out" for name in ("broken", "vast", "knotted", "repeated", "numberless")]
    assert any(line["event"] == "mcp.garbage" for line in logs)


async def test_what_it_says_on_its_standard_error_goes_to_the_log_in_part() -> None:
    with capture_logs() as logs:
        async with opened({"stand": STAND}) as source:
            await call(source, "stand__talk", lines=20_000)
            await call(source, "stand__talk", lines=0)
    lines = [line["line"] for line in logs if line["event"] == "mcp.says" and line["line"].startswith("line ")]
    assert 0 < len(lines) <= 100


@contextmanager
def over_http(port: int) -> Iterator[None]:
    program = [sys.executable, str(HERE / "tool_server.py"), str(port)]
    with subprocess.Popen(program, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - our own program
        try:
            yield
        finally:
            process.kill()


async def flooding(request: web.Request) -> web.StreamResponse:
    """Over HTTP: it has the tools `flood`, which is answered without an end, and `pack`, whose answer is packed."""
    asked = await request.json()
    name = asked.get("params", {}).get("name")
    if name == "flood":
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        with suppress(ConnectionError):
            for _ in range(64):
                await answer.write(b" " * 2**20)
        return answer
    if name == "pack":
        said = {"jsonrpc": "2.0", "id": asked["id"], "result": {"content": [{"type": "text", "text": "unpacked"}]}}
        body = gzip.compress(json.dumps(said).encode())
        return web.Response(body=body, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
    itself = {"name": "flood", "version": "1"}
    given: dict[str, Any] = {
        "initialize": {"protocolVersion": "2025-03-26", "capabilities": {"tools": {}}, "serverInfo": itself},
        "tools/list": {"tools": [{"name": each, "inputSchema": {"type": "object"}} for each in ("flood", "pack")]},
    }
    if asked["method"] not in given:
        return web.Response(status=202)
    return web.json_response({"jsonrpc": "2.0", "id": asked["id"], "result": given[asked["method"]]})


async def test_one_over_http_that_floods() -> None:
    application = web.Application()
    application.router.add_post("/mcp", flooding)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        server = Server(url=f"http://127.0.0.1:{runner.addresses[0][1]}/mcp")
        async with opened({"web": server}, Pace(look=3600)) as source:
            with pytest.raises(ToolError, match="it has more than 16777216 bytes"):
                await call(source, "web__flood")
            with pytest.raises(ToolError, match="Failed to parse"):
                await call(source, "web__pack")
    finally:
        await runner.cleanup()


async def test_one_over_http_that_is_killed_and_started_again() -> None:
    with kept_port() as port:
        await lives_over_http(port)


async def lives_over_http(port: int) -> None:
    server = Server(url=f"http://127.0.0.1:{port}/mcp", headers={"Authorization": "Bearer s3cret"})
    async with served({"web": server}, masked, PACE) as source:
        with over_http(port):
            await until(source, here("web__order"))
            assert (await call(source, "web__order", number=7)).content["number"] == 7
            await call(source, "web__grow")
            await until(source, here("web__find_fruit"))
        with pytest.raises(ToolError):
            await call(source, "web__order", number=7)
        await until(source, lambda tools: all(tool.away for tool in tools))
        with pytest.raises(ToolError, match="The tool server web is not there: "):
            await call(source, "web__order", number=7)
        with over_http(port):
            await until(source, here("web__order"))
            assert (await call(source, "web__order", number=7)).content["number"] == 7
