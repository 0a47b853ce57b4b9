"""The tool servers that the bot is given: `mcp.json`, as other clients have it, and `[mcp.NAME]` of `apprentice.toml`.

Both come to one value, a `Server` a name; `bot.settings` reads them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

LONGEST_NAME = 32
"""Characters of a server's name: a tool is `server__tool`, in at most 64."""
PASSED = ("LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")
"""What a server's process gets of the bot's environment beside what the SDK passes on: HOME, PATH, SHELL, USER, …"""
_VARIABLE = re.compile(r"\$\{(\w+)\}", re.ASCII)
_SECRET = re.compile(r"auth|cookie|credential|key|passw|secret|token", re.IGNORECASE)
"""What is called so is masked wherever it turns up."""


def _server_name(name: str) -> str:
    if len(name) > LONGEST_NAME or not re.fullmatch(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*", name):
        raise ValueError(
            f"{name!r} cannot begin the names of tools: write at most {LONGEST_NAME} letters, digits and single - or _"
        )
    return name


ServerName = Annotated[str, AfterValidator(_server_name)]


class Server(BaseModel):
    """One server: a `command` that speaks on its standard input and output, or the `url` of one that serves HTTP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["stdio", "http", "streamable-http", "streamableHttp"] | None = None
    command: str | None = Field(default=None, min_length=1)
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = Field(default_factory=dict)
    cwd: Path | None = None
    url: str | None = None
    headers: Mapping[str, str] = Field(default_factory=dict)
    disabled: bool = False
    seconds: float = Field(default=60.0, gt=0, le=600)
    """Time that a call may take."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("give just one of command and url")
        if self.url is not None and (self.args or self.env or self.cwd):
            raise ValueError("args, env and cwd go with a command")
        if self.command is not None and self.headers:
            raise ValueError("headers go with a url")
        if self.type is not None and (self.type == "stdio") != (self.command is not None):
            raise ValueError(f"type {self.type!r} does not go with {'a command' if self.command else 'a url'}")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values in `env` and `headers` that are secrets by their names."""
        given = {**self.env, **self.headers}
        return tuple(value.split()[-1] for name, value in given.items() if _SECRET.search(name) and value.split())


Servers = Mapping[ServerName, Server]


class File(BaseModel):
    """A `mcp.json`; what other clients keep in it besides is theirs."""

    servers: Servers = Field(alias="mcpServers")


def read(path: Path) -> Servers:
    """The servers of a `mcp.json`; none where there is no such file. Raises OSError and ValueError."""
    return File.model_validate(json.loads(path.read_text("utf-8-sig"))).servers if path.exists() else {}


def resolved(servers: Servers, environment: Mapping[str, str], problems: list[str]) -> Mapping[str, Server]:
    """The servers that are on, each `${VAR}` replaced; `problems` gets a sentence for each that cannot be."""
    return {
        name: _resolved(name, server, environment, problems) for name, server in servers.items() if not server.disabled
    }


def _resolved(name: str, server: Server, environment: Mapping[str, str], problems: list[str]) -> Server:
    problems += (
        f"MCP server {name}: {variable} is neither in the environment nor in .env; set it, or write its value."
        for variable in dict.fromkeys(variable for text in _texts(server) for variable in _VARIABLE.findall(text))
        if variable not in environment
    )

    def put(text: str) -> str:
        return _VARIABLE.sub(lambda found: environment.get(found[1], ""), text)

    if server.url is not None:
        address = urlsplit(url := put(server.url))
        if address.scheme not in ("http", "https") or not address.hostname:
            problems.append(f"MCP server {name}: its url is no address; write it as https://host/path.")
        headers = {key: put(value) for key, value in server.headers.items()}
        return server.model_copy(update={"url": url, "headers": headers})
    passed = {key: environment[key] for key in PASSED if key in environment}
    env = passed | {key: put(value) for key, value in server.env.items()}
    command, args = put(server.command or ""), tuple(map(put, server.args))
    cwd = Path(put(str(server.cwd))) if server.cwd else None
    return server.model_copy(update={"command": command, "args": args, "env": env, "cwd": cwd})


def _texts(server: Server) -> Iterator[str]:
    yield from (server.command or "", server.url or "", str(server.cwd or ""))
    yield from (*server.args, *server.env.values(), *server.headers.values())
