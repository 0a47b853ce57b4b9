"""The settings: the only reader of the environment, of `.env`, of `apprentice.toml` and of `mcp.json`."""

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.apprentice_toml import Tables
from bot.errors import ConfigError
from bot.mcp_json import Server, read, resolved

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    if text.strip() == "0":
        return timedelta(0)
    match = re.fullmatch(r"\s*(\d{1,6})([smhd])\s*", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is no duration: write a number with s, m, h or d, as in 30s, 15m, 6h or 2d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _list(text: Any) -> Any:
    return tuple(filter(None, (part.strip() for part in text.split(",")))) if isinstance(text, str) else text


def _who(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name != "*" and not re.fullmatch(r"telegram:-?\d+|slack:\w+(/\w+)?", name, re.ASCII):
            raise ValueError(f"{name!r} names nobody: write telegram:42, slack:T1, slack:T1/C9 or slack:T1/U7")
    return names


def _address(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    host, _, port = text.strip().rpartition(":")
    if not host or not re.fullmatch(r"\d{1,5}", port, re.ASCII) or int(port) > 65535:
        raise ValueError(f"{text!r} is no address: write a host and a port, as in 127.0.0.1:3000")
    return host, int(port)


Address = Annotated[tuple[str, int], NoDecode, BeforeValidator(_address)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list), AfterValidator(_who)]


TABLES = Path("apprentice.toml")
"""Stands beside `.env`, in the folder that the bot is started in."""
SERVERS = "mcp.json"
"""Stands beside it."""


def _variable(name: str) -> Any:
    return Field(default=None, validation_alias=name)


class Settings(BaseSettings):
    """What the operator decides; README's table lists the variables. Build it with `load`."""

    model_config = SettingsConfigDict(env_prefix="APPRENTICE_", env_file=".env", extra="ignore", env_ignore_empty=True)

    openai_api_key: SecretStr | None = _variable("OPENAI_API_KEY")
    openai_base_url: str | None = _variable("OPENAI_BASE_URL")
    model: str = "gpt-5-mini"
    learning_model: str | None = None
    embedding_model: str | None = None
    home: Path = Path("data")
    skills: Path = Path("skills")
    skills_git: Literal["off", "commit"] = "off"
    workspace: Path | None = None
    documents: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_list)] = ()
    database_url: str | None = _variable("DATABASE_URL")
    telegram_bot_token: SecretStr | None = _variable("TELEGRAM_BOT_TOKEN")
    telegram_base_url: str | None = _variable("TELEGRAM_BASE_URL")
    telegram_webhook_url: str | None = _variable("TELEGRAM_WEBHOOK_URL")
    telegram_webhook_listen: Address = Field(default=("127.0.0.1", 3001), validation_alias="TELEGRAM_WEBHOOK_LISTEN")
    slack_bot_token: SecretStr | None = _variable("SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = _variable("SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr | None = _variable("SLACK_SIGNING_SECRET")
    slack_api_url: str | None = _variable("SLACK_API_URL")
    slack_listen: Address = Field(default=("127.0.0.1", 3000), validation_alias="SLACK_LISTEN")
    allowed: Names = ()
    reviewers: Names = ()
    conversation_idle: Duration = timedelta(minutes=15)
    learn_after: int = Field(default=10, ge=0)
    learn_every: Duration = timedelta(hours=6)
    learn_min_tasks: int = Field(default=3, ge=2)
    learn_tokens: int = Field(default=20_000, ge=0)
    log: Literal["console", "json"] = "console"
    _tables: Tables = PrivateAttr(default=Tables())
    _servers: Mapping[str, Server] = PrivateAttr(default_factory=dict)

    @property
    def tables(self) -> Tables:
        """What `apprentice.toml` says."""
        return self._tables

    @property
    def servers(self) -> Mapping[str, Server]:
        """The tool servers of `mcp.json` and `apprentice.toml` that are on, by name."""
        return self._servers

    @field_validator("database_url")
    @classmethod
    def _sqlite(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith("sqlite:///"):
            raise ValueError("this release keeps its data in SQLite: write sqlite:///FILE or leave it out")
        return url

    @model_validator(mode="after")
    def _places(self) -> Self:
        """No tool of the bot can reach the skills or the database: their folders lie apart."""
        folder, skills, database = (path.resolve() for path in (self.workspace_folder, self.skills, self.database))
        if folder == skills or skills in folder.parents or folder in skills.parents:
            raise ValueError(
                f"APPRENTICE_WORKSPACE ({folder}) and APPRENTICE_SKILLS ({skills}) overlap: "
                "tools could write skills. Choose folders that lie apart."
            )
        if folder in database.parents:
            raise ValueError(
                f"APPRENTICE_WORKSPACE ({folder}) holds the database ({database}): choose a folder below or beside it."
            )
        for documents in map(Path.resolve, self.documents):
            lie_apart = not {documents, *documents.parents} & {folder, skills}
            if not lie_apart or documents in (*database.parents, *folder.parents, *skills.parents):
                raise ValueError(
                    f"APPRENTICE_DOCUMENTS ({documents}) overlaps with the workspace, the skills or the database: "
                    "everybody could search them. Choose folders that lie apart."
                )
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not stand in a log, a trace, a card or a skill."""
        values = (getattr(self, name) for name in type(self).model_fields)
        own = (value.get_secret_value() for value in values if isinstance(value, SecretStr))
        return (*own, *(secret for server in self._servers.values() for secret in server.secrets))

    @model_validator(mode="after")
    def _slack(self) -> Self:
        """Slack needs two: the bot's token, and a way by which events come."""
        way = self.slack_app_token or self.slack_signing_secret
        if self.slack_bot_token and not way:
            raise ValueError(
                "SLACK_BOT_TOKEN needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP events) beside it."
            )
        if way and not self.slack_bot_token:
            raise ValueError("Slack's other settings need SLACK_BOT_TOKEN beside them: set it, or take them away.")
        return self

    @property
    def workspace_folder(self) -> Path:
        """The folder that file tools see."""
        return self.workspace or self.home / "workspace"

    @property
    def outgoing_folder(self) -> Path:
        """Holds the files that are being sent; beside the database, where no tool reaches."""
        return self.database.parent / "outgoing"

    @property
    def own_folders(self) -> tuple[Path, ...]:
        """The bot's own, which no command sees: in the last one stand `.env` and `apprentice.toml`."""
        return (self.home, self.database.parent, self.skills, Path())

    @property
    def documents_index(self) -> Path:
        """The full-text index over the documents; it may be deleted."""
        return self.home / "documents.db"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        if self.database_url is None:
            return self.home / "apprentice.db"
        return Path(self.database_url.removeprefix("sqlite:///"))


def load(*, tables: Path | None = TABLES, **given: Any) -> Settings:
    """Read the environment, `.env`, the file `tables` and the `mcp.json` beside it; `given` overrides variables.

    Raises ConfigError with one sentence a mistake.
    """
    problems: list[str] = []
    told = _read_tables(tables, problems)
    servers = _read_servers(tables.with_name(SERVERS), told, problems) if tables else {}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise ConfigError(*map(_sentence, error.errors()), *problems) from None
    problems += _unpriced(settings, told)
    if problems:
        raise ConfigError(*problems)
    settings._tables, settings._servers = told, servers
    return settings


def _unpriced(settings: Settings, tables: Tables) -> list[str]:
    """Where money is limited, each model needs a price."""
    granted = tables.granted
    if all(limit.money is None for limit in (granted.day, granted.person, granted.conversation, granted.cycle)):
        return []
    models = {settings.model, settings.learning_model, tables.model.second, settings.embedding_model} - {None}
    return [
        f"The budgets in apprentice.toml limit money, but {model} has no price there: add one, or limit tokens."
        for model in sorted(map(str, models))
        if model not in granted.prices.of
    ]


def _read_tables(path: Path | None, problems: list[str]) -> Tables:
    if path is None or not path.exists():
        return Tables()
    try:
        return Tables.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        problems += (f"{path}: {_place(found)}{_message(found)}." for found in error.errors())
    except (OSError, ValueError) as error:
        problems.append(f"{path} cannot be read: {error}.")
    return Tables()


def _read_servers(path: Path, tables: Tables, problems: list[str]) -> Mapping[str, Server]:
    """Those of the file and those of the tables, their variables replaced by what `.env` and the environment say."""
    try:
        found = read(path)
    except ValidationError as error:
        problems += (f"{path}: {_place(each)}{_message(each)}." for each in error.errors())
        return {}
    except (OSError, ValueError) as error:
        problems.append(f"{path} cannot be read: {error}.")
        return {}
    problems += (
        f"The MCP server {name} stands in {path} and in apprentice.toml: take one away."
        for name in found
        if name in tables.mcp
    )
    known = {name: value for name, value in dotenv_values(".env").items() if value is not None} | os.environ
    return resolved({**found, **tables.mcp}, known, problems)


def _place(problem: Any) -> str:
    """`verifiers 2, seconds: `, counted from 1."""
    parts = [f"{part + 1}" if isinstance(part, int) else f", {part}" for part in problem["loc"] if part != "[key]"]
    return " ".join(parts).replace(" ,", ",").lstrip(", ") + ": " if parts else ""


def _message(problem: Any) -> str:
    text = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return "nothing of this name is known here"
    return text[:1].lower() + text[1:]


def _sentence(problem: Any) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    name = str(problem["loc"][0])
    variable = name if name.isupper() else f"APPRENTICE_{name.upper()}"
    return f"{variable}: {message}."
