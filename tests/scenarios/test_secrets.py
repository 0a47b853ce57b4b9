"""Secrets of every kind at every door: none is found in the database, the model's requests, the chat, logs, exports."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bot.cli.logs import configure
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.tool import Tool, ToolResult
from bot.errors import ToolError
from bot.learning import backfill
from bot.ports import ToolContext
from tests.emulators import openai_server
from tests.emulators.openai_server import OpenAIServer, Reply
from tests.emulators.telegram import TelegramEmulator
from tests.scenarios.telegram_stage import Stage

OWN = 'own"Schlüssel/4711'
KEY_BODY = "MIIEowIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gun"
SECRETS = {
    "the bot's own": OWN,
    "AWS": "AKIAIOSFODNN7EXAMPLE",
    "GitHub": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "OpenAI": "sk-proj-4f9aT3xQ7LmPz0Wv8Kd2Rb6Nc",
    "Slack": "xoxb-123456789012-1234567890123-abcdefABCDEF0123",
    "Slack's app": "xapp-1-A0123456789-1234567890123-abcdef0123456789",
    "Stripe": "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "Telegram": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1",
    "a web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "a private key": f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_BODY}\n-----END RSA PRIVATE KEY-----",
    "in an address": "https://ana:hunter22pass@db.example/orders",
    "behind a name": "password: Zx9-lantern",
    "of a header": "Authorization: Bearer q1w2e3r4t5z6u7i8o9p0",
}
FOUND_BY = {
    "a private key": KEY_BODY,
    "in an address": "hunter22pass",
    "behind a name": "Zx9-lantern",
    "of a header": "q1w2e3r4t5z6u7i8o9p0",
}
PLANTED = "\n".join(SECRETS.values())
NESTED = {"ids": [1, {"note": PLANTED, "password": 47114711}], OWN: "a name", "raw": json.dumps({"deep": PLANTED})}


class Desk:
    """A tool server: it gives what it should not, and fails with it."""

    def __init__(self) -> None:
        self.given: list[JSON] = []

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """One that writes."""
        return (Tool("file_ticket", "File a ticket", {"type": "object"}, outside=False),)

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Fail at first."""
        self.given.append(arguments)
        if len(self.given) == 1:
            raise ToolError(f"refused: {PLANTED}")
        return ToolResult(NESTED)


def script() -> Iterator[Reply]:
    """The model's replies, one a request."""
    yield openai_server.calls(("read_file", {"path": "notes.txt"}), ("file_ticket", {"text": PLANTED}))
    yield openai_server.calls(("file_ticket", NESTED))
    yield openai_server.raw_calls(
        {"id": "1", "type": "function", "function": {"name": "file_ticket", "arguments": f"{{broken {PLANTED}"}}
    )
    yield openai_server.calls((SECRETS["GitHub"], {"path": PLANTED}))
    yield openai_server.text(f"Here it is: {PLANTED}")
    while True:
        yield openai_server.error(400, f"Invalid key {PLANTED}")


async def test_no_secret_gets_past_any_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", OWN)
    privacy = Privacy((OWN,))
    configure("json", privacy)
    replies, desk = script(), Desk()
    async with TelegramEmulator() as telegram, OpenAIServer(lambda _: next(replies)) as server:
        stage = Stage(tmp_path, telegram, server, (desk,))
        eve = telegram.person(f"Eve {SECRETS['GitHub']}")
        async with stage.running() as app:
            (tmp_path / "data" / "workspace" / "notes.txt").write_text(PLANTED)
            eve.say(f"Look at this: {PLANTED}")
            await telegram.wait_for(lambda: len(stage.by_bot(eve.direct)) == 1)
            eve.say(f"Now that: {PLANTED}")
            await telegram.wait_for(lambda: len(stage.by_bot(eve.direct)) == 2)
            eve.say(f"/done {PLANTED}")
            await telegram.wait_for(lambda: len(stage.by_bot(eve.direct)) == 3)
            await app.settled()
            exported = [line async for line in backfill.give(app.store, None, (), privacy)]
        posted = [message.text for message in stage.by_bot(eve.direct)]
        asked = [request.body.decode() for request in server.requests]
    logged = capsys.readouterr().err
    assert desk.given == [{"text": PLANTED}, NESTED]  # what the model wished is what was called
    assert posted[0].startswith("Here it is: [secret]")
    assert "turn.dead" in logged
    assert exported
    places = {
        "database": _bytes(tmp_path / "data"),
        "chat": _forms("\n".join(posted)),
        "log": _forms(logged),
        "export": _forms("\n".join(exported)),
        "model": _forms("\n".join(_without_calls(each) for each in asked)),
    }
    found = {
        (kind, place)
        for kind, secret in SECRETS.items()
        for place, held in places.items()
        if any(form in held for form in _written(FOUND_BY.get(kind, secret)))
    }
    assert found == set()
    assert b"[secret]" in places["database"]
    assert b"47114711" not in places["database"]


def _bytes(folder: Path) -> bytes:
    """All that the database keeps on disk."""
    files = list(folder.glob("apprentice.db*"))
    assert files
    return b"".join(file.read_bytes() for file in files)


def _forms(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _written(secret: str) -> set[bytes]:
    """How it may be written: as it is, and as a JSON text has it."""
    return {form.encode() for form in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])}


def _without_calls(body: str) -> str:
    """A request without the model's own calls: within a turn it reads what it wrote itself."""
    request = json.loads(body)
    messages = [{**message, "tool_calls": None} for message in request["messages"]]
    return json.dumps(messages, ensure_ascii=False)
