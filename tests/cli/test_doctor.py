"""`apprentice doctor`, among servers that are right, wrong or not there."""

import asyncio
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.json import JSON
from bot.store import schema
from bot.store.lock import process_lock
from tests.cli.test_serve import TOOL_SERVER, both
from tests.cli.test_skills import run
from tests.emulators.openai_server import OpenAIServer
from tests.emulators.slack import SlackEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.ports import kept_port
from tests.test_env_example import EXAMPLE, variables

KEY = "sk-of-the-operator-1234"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in variables(EXAMPLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return tmp_path


async def said(status: int, *arguments: str, **given: str) -> str:
    """What the command prints, given these settings."""
    with pytest.MonkeyPatch.context() as settings:
        for name, value in given.items():
            settings.setenv(name, value)
        return await asyncio.to_thread(run, "doctor", *arguments, status=status)


async def told(status: int, **given: str) -> dict[str, JSON]:
    """What it finds: of each thing whether it is well, and its sentences. No secret is among them."""
    out = await said(status, "--json", **given)
    secrets = (KEY, *(value for name, value in given.items() if name.endswith(("_TOKEN", "_SECRET"))))
    assert [secret for secret in secrets if secret in out] == []
    found: dict[str, JSON] = {}
    for one in json.loads(out):
        well, says = found.setdefault(one["about"], (one["well"], []))
        says.append(one["says"])
        assert well == one["well"]
    return found


def wrong(found: dict[str, JSON]) -> dict[str, str]:
    return {about: " ".join(says) for about, (well, says) in found.items() if not well}


async def test_all_is_well(here: Path) -> None:
    schema.upgrade(here / "data" / "apprentice.db")
    server = {"command": sys.executable, "args": [TOOL_SERVER]}
    (here / "mcp.json").write_text(json.dumps({"mcpServers": {"stand": server}}))
    async with TelegramEmulator() as telegram, SlackEmulator() as slack, OpenAIServer() as model:
        with process_lock(here / "data"):
            found = await told(0, **both(telegram, slack) | {"OPENAI_BASE_URL": model.base_url})
    assert all(well for well, _ in found.values())
    says = {about: sentences[0] for about, (_, sentences) in found.items()}
    assert says["model gpt-5-mini"] == "It answers."
    assert says["telegram"].startswith("The bot is @")
    assert says["slack"] == "The bot is apprentice in Emulated."
    assert says["tool servers"].startswith("stand has ")
    assert f"its schema is {schema.HEAD}" in says["database"]


async def test_each_thing_that_is_wrong_has_its_line(here: Path) -> None:
    (here / "skills" / "broken").mkdir(parents=True)
    (here / "data").mkdir()
    (here / "data" / "apprentice.db").write_text("no database, only text\n" * 500)
    (here / "mcp.json").write_text(json.dumps({"mcpServers": {"gone": {"command": "no-such-program"}}}))
    (here / "apprentice.toml").write_text('[commands]\nprograms = ["no-such-program"]\n')
    async with TelegramEmulator() as telegram, SlackEmulator() as slack, OpenAIServer(key="right") as model:
        tokens = {"TELEGRAM_BOT_TOKEN": "1:AAwrong-secret", "SLACK_BOT_TOKEN": "xoxb-wrong-secret"}
        given = both(telegram, slack) | tokens | {"OPENAI_BASE_URL": model.base_url}
        found = wrong(await told(1, **given))
    assert "cannot be read as a database" in found["database"]
    assert "OPENAI_API_KEY" in found["model gpt-5-mini"]
    assert "check TELEGRAM_BOT_TOKEN" in found["telegram"]
    assert "check SLACK_BOT_TOKEN" in found["slack"]
    assert "SKILL.md" in found["skills"]
    assert found["tool servers"].startswith("gone is not there: ")
    assert "no-such-program" in found["run_command"]
    assert found.keys().isdisjoint({"settings", "folders", "embedding model"})


async def test_a_rule_for_a_tool_that_is_not_there_is_wrong(here: Path) -> None:
    (here / "apprentice.toml").write_text('[tools]\nhttp_gte = "deny"\nrun_command = "ask"\n"stand__ordr" = "deny"\n')
    async with OpenAIServer() as model:
        found = wrong(await told(1, OPENAI_BASE_URL=model.base_url))
        assert found.keys() == {"tool servers"}
        assert "no tool http_gte (is it http_get?)" in found["tool servers"]
        server = {"command": sys.executable, "args": [TOOL_SERVER]}
        (here / "mcp.json").write_text(json.dumps({"mcpServers": {"stand": server}}))
        found = wrong(await told(1, OPENAI_BASE_URL=model.base_url))
    assert "no tool stand__ordr (is it stand__order?)" in found["tool servers"]
    assert "run_command" not in found["tool servers"]


async def test_what_is_damaged_or_in_the_way_is_told_without_a_secret(here: Path) -> None:
    database = here / "data" / "apprentice.db"
    schema.upgrade(database)
    content = bytearray(database.read_bytes())
    content[8192:40960] = b"\x55" * 32768
    database.write_bytes(content)
    (here / "skills" / KEY).mkdir(parents=True)
    (here / "data" / "workspace").write_text("a file")
    async with OpenAIServer() as model:
        found = wrong(await told(1, OPENAI_BASE_URL=model.base_url, APPRENTICE_DOCUMENTS="handbook"))
    assert "is damaged" in found["database"]
    assert found["folders"].startswith("data/workspace cannot be written")
    assert "handbook is no folder with documents" in found["folders"]
    assert found["skills"].startswith("skills/[secret]: ")


async def test_an_app_level_token_is_tried_too(here: Path) -> None:
    async with SlackEmulator() as slack, OpenAIServer() as model:
        tokens = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": "xapp-wrong", "SLACK_API_URL": slack.api_url}
        found = wrong(await told(1, OPENAI_BASE_URL=model.base_url, **tokens))
    assert found.keys() == {"slack"}
    assert "check SLACK_APP_TOKEN" in found["slack"]


async def test_servers_that_are_not_there(here: Path) -> None:
    tokens = {"TELEGRAM_BOT_TOKEN": "1:AAany", "SLACK_BOT_TOKEN": "xoxb-any", "SLACK_SIGNING_SECRET": "any-secret"}
    with kept_port() as port:
        nobody = f"127.0.0.1:{port}"
        places = {"TELEGRAM_BASE_URL": f"http://{nobody}/bot", "SLACK_API_URL": f"http://{nobody}/api/"}
        async with OpenAIServer() as model:
            given = {"OPENAI_BASE_URL": model.base_url, "APPRENTICE_EMBEDDING_MODEL": "none-of-its"}
            found = wrong(await told(1, **given, **tokens, **places))
    assert found.keys() == {"embedding model", "telegram", "slack"}
    assert all(nobody in found[platform] for platform in ("telegram", "slack"))


async def test_wrong_settings_are_all_there_is_to_say(here: Path) -> None:
    found = await told(1, APPRENTICE_LEARN_EVERY="soon", APPRENTICE_ALLOWED="bob")
    assert found.keys() == {"settings"}
    assert "'soon' is no duration" in wrong(found)["settings"]
    assert "'bob' names nobody" in wrong(found)["settings"]


async def test_it_makes_nothing(here: Path) -> None:
    async with OpenAIServer() as model:
        out = await said(0, OPENAI_BASE_URL=model.base_url)
    assert "ok     database: " in out
    assert os.listdir(here) == []


@pytest.mark.parametrize(("version", "well"), [("0006", True), ("9999", False)])
async def test_the_databases_schema(here: Path, version: str, well: bool) -> None:
    schema.upgrade(here / "data" / "apprentice.db")
    with closing(sqlite3.connect(here / "data" / "apprentice.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [version])
    async with OpenAIServer() as model:
        found = await told(0 if well else 1, OPENAI_BASE_URL=model.base_url)
    assert found["database"][0] is well
    assert version in found["database"][1][0]
