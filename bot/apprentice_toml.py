"""What `apprentice.toml` may hold; `bot.settings` reads it."""

import re
from datetime import time
from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from bot.domain.cost import Budgets, Limit, Prices
from bot.domain.network import Opening, opening
from bot.domain.policy import Policy
from bot.domain.scope import EVERYWHERE
from bot.domain.tool import Word
from bot.mcp_json import Servers

LONGEST_WORDS = 4_000
"""Characters of the operator's words for a scope: each request carries them."""


class _Table(BaseModel):
    """A table of `apprentice.toml`: it holds what it may hold and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Expectation(_Table):
    """As in the skill format: a JSON Schema over an output."""

    json_schema: dict[str, Any] = Field(alias="schema")


class Verifier(_Table):
    """A check of success from outside the model, for the tasks it matches.

    It matches a task that used any of `tools` (if given) and in which any of `words` was said (if given). It is one of:
    a `command` that ends with 0, the last `output` of a tool, a state that `tool` reads back `with` arguments.
    """

    name: str = Field(min_length=1, max_length=60)
    tools: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    command: tuple[str, ...] | None = Field(default=None, min_length=1)
    seconds: float = Field(default=60.0, gt=0, le=600)
    """Time that a command or a reading call may take."""
    output: str | None = None
    tool: str | None = None
    arguments: dict[str, Any] = Field(default_factory=dict, alias="with")
    expect: Expectation | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.tools and not self.words:
            raise ValueError("it matches nothing: give the tools that were used (tools), words that were said, or both")
        if [self.command, self.output, self.tool].count(None) != 2:
            raise ValueError("give just one of command, output and tool")
        if (self.command is None) != (self.expect is not None):
            raise ValueError("output and tool need an expectation: expect = { schema = { … } }; a command takes none")
        if self.arguments and self.tool is None:
            raise ValueError("arguments (with) go with tool alone")
        return self


class Phrases(_Table):
    """Phrases in other languages, beside the English ones of `bot/learning/outcomes/phrases.py`."""

    works: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()
    thanks: tuple[str, ...] = ()
    corrects: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    teaches: tuple[str, ...] = ()


class Offered(_Table):
    """What of the skills reaches the model: eight at most."""

    tokens: int = Field(default=2_000, ge=0)
    """What they may take of a request together, at four bytes a token; a mined skill takes about 150."""


class Memory(_Table):
    """What of the facts that people wanted remembered reaches the model."""

    tokens: int = Field(default=500, ge=0)
    """What they may take of a request together, at four bytes a token; a sentence takes about 30."""


def _zone(name: Any) -> Any:
    try:
        return ZoneInfo(name)
    except (TypeError, ValueError, ZoneInfoNotFoundError):
        raise ValueError(f"{name!r} is no time zone: write one as in Europe/Berlin") from None


Zone = Annotated[Any, BeforeValidator(_zone)]


class QuietHours(_Table):
    """When the bot posts no card and no reminder of its own accord: `from` and `to` every day, in a time `zone`."""

    begins: time = Field(default=time(0), alias="from")
    ends: time = Field(default=time(0), alias="to")
    zone: Zone = ZoneInfo("UTC")


class Reminders(_Table):
    """Of what people want done or said later: the time `zone` of those who never named one."""

    zone: Zone = ZoneInfo("UTC")


Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class WeeklyDigest(_Table):
    """The chats (`scopes`) that are told once a week what was learned there, and when: a `day`, `at`, in a `zone`."""

    scopes: tuple[str, ...] = ()
    day: Day = "monday"
    at: time = time(9)
    zone: Zone = ZoneInfo("UTC")

    @property
    def weekday(self) -> int:
        """The day's number, 0 for Monday."""
        return get_args(Day).index(self.day)


class Retention(_Table):
    """After how many `days` what was said and done is forgotten; 0: it is kept."""

    days: int = Field(default=0, ge=0)


class Commands(_Table):
    """What `run_command` may run: `programs` by their names, none of them as it comes; and the limits of one run."""

    programs: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")], ...] = ()
    sandbox: Literal["bubblewrap", "unsandboxed"] = "bubblewrap"
    seconds: float = Field(default=60.0, gt=0, le=600)
    memory_mb: int = Field(default=1024, ge=16)
    """Addresses that each process may take, and bytes below /tmp."""
    output_kb: int = Field(default=16, ge=1, le=256)
    """What is kept of each of the two streams."""


_SCOPE = re.compile(r"local|telegram:-?\d+|slack:\w+(/\w+)?", re.ASCII)


def _a_scope(key: str) -> str:
    if key != "*" and not _SCOPE.fullmatch(key):
        raise ValueError("it names no chat: write *, telegram:42, telegram:-100123, slack:T1 or slack:T1/C9")
    return key


House = dict[Annotated[str, AfterValidator(_a_scope)], Annotated[str, Field(min_length=1, max_length=LONGEST_WORDS)]]
"""What the operator tells the model, by scope: `*` for every chat, `local` for the console."""


class Models(_Table):
    """Models beside APPRENTICE_MODEL, behind the same server."""

    second: str | None = Field(default=None, min_length=1)
    """Works while the first is unavailable."""


def _opened(text: Any) -> Any:
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no text")
    return opening(text)


class Http(_Table):
    """The hosts and networks (`allow`) that `http_get` reaches beside public addresses."""

    allow: tuple[Annotated[Opening, BeforeValidator(_opened)], ...] = ()


def _tool(name: str) -> str:
    if not re.fullmatch(r"[\w-]*\*|[\w-]+", name, re.ASCII):
        raise ValueError(f"{name!r} names no tool: write its name, or how names begin with * behind it")
    if name.startswith("skill_"):
        raise ValueError(f"{name!r} names skills, which people decide about in the chat: name the tools that they use")
    return name


def _scope(name: str) -> str:
    if not _SCOPE.fullmatch(name):
        raise ValueError(f"{name!r} is no chat: write telegram:42, slack:T1, slack:T1/C9, or local for the terminal")
    return name


Rules = dict[Annotated[str, AfterValidator(_tool)], Word]


class ToolRules(_Table):
    """What tools may do: everywhere, and in one chat."""

    everywhere: Rules = Field(default_factory=dict)
    chats: dict[Annotated[str, AfterValidator(_scope)], Rules] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _parted(cls, table: Any) -> Any:
        """In the file a chat's table stands among the names of tools."""
        if not isinstance(table, dict):
            return table
        chats = {name: value for name, value in table.items() if isinstance(value, dict)}
        return {"everywhere": {name: value for name, value in table.items() if name not in chats}, "chats": chats}

    @property
    def policy(self) -> Policy:
        """As the bot asks for it."""
        return Policy({EVERYWHERE: self.everywhere, **self.chats})


class Budget(_Table):
    """The most that may be used: `tokens`, in and out together, and `money` by the prices."""

    tokens: int | None = Field(default=None, ge=1)
    money: float | None = Field(default=None, gt=0)

    @property
    def limit(self) -> Limit:
        """As the domain has it."""
        return Limit(self.tokens, self.money)


class Allowed(_Table):
    """Budgets of a `day` for all, of a `person` a day, of a `conversation`, of a learning `cycle`; days by a `zone`."""

    day: Budget = Budget()
    person: Budget = Budget()
    conversation: Budget = Budget()
    cycle: Budget = Budget()
    zone: Zone = ZoneInfo("UTC")
    currency: str = Field(default="", max_length=10)
    """The word for the money, of prices too."""


class Price(_Table):
    """Money for a million tokens of a model, in and out."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Tables(_Table):
    """All of `apprentice.toml`."""

    model: Models = Models()
    budgets: Allowed = Allowed()
    prices: dict[str, Price] = Field(default_factory=dict)
    quiet: QuietHours = QuietHours()
    digest: WeeklyDigest = WeeklyDigest()
    skills: Offered = Offered()
    memory: Memory = Memory()
    house: House = Field(default_factory=dict)
    retention: Retention = Retention()
    reminders: Reminders = Reminders()
    tools: ToolRules = ToolRules()
    verifiers: tuple[Verifier, ...] = ()
    phrases: Phrases = Phrases()
    commands: Commands = Commands()
    http: Http = Http()
    mcp: Servers = Field(default_factory=dict)

    @property
    def granted(self) -> Budgets:
        """The budgets with the prices."""
        own = self.budgets
        limits = (own.day.limit, own.person.limit, own.conversation.limit, own.cycle.limit)
        prices = {name: (each.input, each.output) for name, each in self.prices.items()}
        return Budgets(*limits, own.zone, Prices(own.currency, prices))

    @model_validator(mode="after")
    def _currency(self) -> Self:
        if self.prices and not self.budgets.currency:
            raise ValueError('prices need a word for the money, as in budgets: currency = "EUR"')
        return self

    @field_validator("verifiers")
    @classmethod
    def _own_names(cls, verifiers: tuple[Verifier, ...]) -> tuple[Verifier, ...]:
        names = [verifier.name for verifier in verifiers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the name {name!r} stands twice; each needs its own")
        return verifiers
