"""`mcp.json` and `[mcp.NAME]`: one value from both, variables put in, and one sentence a mistake."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigError
from bot.mcp_json import Server
from bot.settings import load

MANUAL = Path(__file__).parent.parent / "bot" / "TOOLS.md"


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "ORDERS_TOKEN", "HOST"):
        monkeypatch.delenv(name, raising=False)


def written(**servers: Any) -> None:
    Path("mcp.json").write_text(json.dumps({"mcpServers": servers, "inputs": ["another client's"]}))


def mistakes() -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load()
    return list(caught.value.problems)


def test_without_a_file_there_is_no_server() -> None:
    assert load().servers == {}


def test_both_places_come_to_one_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "tools.example")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    Path(".env").write_text("ORDERS_TOKEN=t-from-dotenv\nHOST=overridden.example\n")
    written(
        files={"command": "npx", "args": ["-y", "server", "/srv"], "env": {"API_TOKEN": "${ORDERS_TOKEN}", "A": "b"}},
        off={"command": "x", "env": {"B": "${NOT_THERE}"}, "disabled": True},
    )
    Path("apprentice.toml").write_text(
        '[mcp.web]\nurl = "https://${HOST}/mcp"\nseconds = 5\n'
        '[mcp.web.headers]\nAuthorization = "Bearer ${ORDERS_TOKEN}-2"\n'
    )
    settings = load()
    assert settings.servers == {
        "files": Server(
            command="npx",
            args=("-y", "server", "/srv"),
            env={"TZ": "Europe/Berlin", "API_TOKEN": "t-from-dotenv", "A": "b"},
        ),
        "web": Server(url="https://tools.example/mcp", seconds=5, headers={"Authorization": "Bearer t-from-dotenv-2"}),
    }
    assert settings.secrets == ("t-from-dotenv", "t-from-dotenv-2")
    assert load(tables=None).servers == {}


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        ({}, "mcp.json: mcpServers, a: give just one of command and url."),
        ({"command": "x", "url": "http://a"}, "mcp.json: mcpServers, a: give just one of command and url."),
        ({"url": "http://a", "args": ["b"]}, "mcp.json: mcpServers, a: args, env and cwd go with a command."),
        ({"command": "x", "headers": {"b": "c"}}, "mcp.json: mcpServers, a: headers go with a url."),
        ({"command": "x", "type": "http"}, "mcp.json: mcpServers, a: type 'http' does not go with a command."),
        ({"command": "x", "evn": {}}, "mcp.json: mcpServers, a, evn: nothing of this name is known here."),
        ({"command": "x", "env": {"A": 1}}, "mcp.json: mcpServers, a, env, A: input should be a valid string."),
        ({"url": "ftp://a/b"}, "MCP server a: its url is no address; write it as https://host/path."),
        (
            {"command": "x", "env": {"A": "${ORDERS_TOKEN} ${ORDERS_TOKEN}"}},
            "MCP server a: ORDERS_TOKEN is neither in the environment nor in .env; set it, or write its value.",
        ),
    ],
)
def test_a_mistake_has_its_sentence(server: dict[str, Any], sentence: str) -> None:
    written(a=server)
    assert mistakes() == [sentence]


@pytest.mark.parametrize("name", ["", "a__b", "-a", "a_", "ä", "a b", "x" * 33])
def test_a_name_that_cannot_begin_a_tools_name(name: str) -> None:
    written(**{name: {"command": "x"}})
    (told,) = mistakes()
    assert f"{name!r} cannot begin the names of tools" in told


def test_a_server_stands_in_one_place() -> None:
    written(a={"command": "x"})
    Path("apprentice.toml").write_text('[mcp.a]\ncommand = "y"\n')
    assert mistakes() == ["The MCP server a stands in mcp.json and in apprentice.toml: take one away."]


@pytest.mark.parametrize("text", ["{", '{"servers": {}}', "[]"])
def test_a_file_of_another_kind_is_told(text: str) -> None:
    Path("mcp.json").write_text(text)
    (told,) = mistakes()
    assert told.startswith("mcp.json")


def test_the_readmes_example_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_TOKEN", "t-1")
    example = re.search(r"```json\n(\{\n  \"mcpServers\".*?)```", MANUAL.read_text(), re.DOTALL)
    assert example is not None
    Path("mcp.json").write_text(example[1])
    assert load().servers.keys() == {"files", "orders"}
