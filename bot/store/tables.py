"""The tables (SQLAlchemy Core). Times are seconds since 1970 in UTC; `migrations/` brings a database to this."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.store.told import ToldJSON, ToldText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),  # names the thing said: an event is accepted once
    Column("lane", String, nullable=False),
    Column("kind", String, nullable=False),  # which handler runs it
    Column("payload", ToldJSON, nullable=False),
    Column("conversation", String),  # the key of conversations, for turns that speak in one
    Column("task", String, index=True),  # set when the turn ends
    Column("status", String, nullable=False, server_default="queued"),  # queued, running, done, dead
    Column("epoch", Integer, nullable=False, server_default="0"),  # raised by each claim; writes carry it
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("due", Float),  # not before
    Column("stop", Boolean, nullable=False, server_default=text("0")),
    Column("joined", Integer),  # the turn that answers this one too: it was said while that one ran
    Column("error", ToldText),
    Column("created", Float, nullable=False),
    Column("finished", Float),
    sqlite_autoincrement=True,
)
Index(
    "ix_turns_open",
    turns.c.lane,
    turns.c.id,
    sqlite_where=text("finished IS NULL"),
    postgresql_where=text("finished IS NULL"),
)
Index("ix_turns_conversation", turns.c.conversation, turns.c.id)
Index(
    "ix_turns_joined",
    turns.c.joined,
    sqlite_where=text("joined IS NOT NULL"),
    postgresql_where=text("joined IS NOT NULL"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("turn", Integer, ForeignKey("turns.id"), nullable=False),
    Column("place", String, nullable=False),  # `model:3`, `tool:3.0`, `tool:3.0/orders/7`, `send:0`
    Column("name", String, nullable=False),  # the tool's; "" for the rest
    Column("request", ToldJSON, nullable=False),
    Column("once", Boolean, nullable=False),  # it may write: never made twice
    Column("status", String, nullable=False),  # started, done, failed
    Column("result", ToldJSON),
    Column("tokens", Integer, nullable=False, server_default="0"),
    Column("bytes", Integer, nullable=False, server_default="0"),
    Column("started", Float, nullable=False),
    Column("finished", Float),
    Column("model", String, nullable=False, server_default=""),  # that was asked; "" where none was
    Column("tokens_out", Integer, nullable=False, server_default="0"),  # of `tokens`
    UniqueConstraint("turn", "place"),
)

spending = Table(
    "spending",
    metadata,
    Column("day", String, primary_key=True),  # such as 2026-11-23, in the budgets' time zone
    Column("person", String, primary_key=True),  # "": learning
    Column("conversation", String, primary_key=True),  # its key, or `learning:` and the scope
    Column("since", Integer, primary_key=True),  # as conversations had it: what came before is another budget's
    Column("model", String, primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("tokens_in", Integer, nullable=False),
    Column("tokens_out", Integer, nullable=False),
)
Index("ix_spending_conversation_since", spending.c.conversation, spending.c.since)

conversations = Table(
    "conversations",
    metadata,
    Column("key", String, primary_key=True),
    Column("platform", String, nullable=False),
    Column("chat", String, nullable=False),
    Column("thread", String, nullable=False),
    Column("direct", Boolean, nullable=False),
    Column("scope", String, nullable=False, index=True),
    Column("since", Integer, nullable=False, server_default="0"),  # history begins behind this turn (/new, /forget)
    Column("language", String, nullable=False, server_default=""),  # IETF tag of whoever spoke last; "": not told
)

chats = Table(
    "chats",
    metadata,
    Column("platform", String, primary_key=True),
    Column("chat", String, primary_key=True),  # the id by which conversations, scopes and lanes know it
    Column("gone", Float),  # since when the bot is not in it; null: it is
    Column("moved", String),  # the platform's id of it now; null: the same
)
Index("ix_chats_moved", chats.c.platform, chats.c.moved)

tasks = Table(
    "tasks",
    metadata,
    Column("id", String, primary_key=True),
    Column("conversation", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("person", String, nullable=False),  # who began it
    Column("opened", Float, nullable=False),
    Column("last_turn", Integer, nullable=False),
    Column("closed", Float),
    Column("status", String, nullable=False, server_default="unknown"),  # success, failure, unknown
    Column("source", String),  # the strongest source that spoke
    Column("detail", ToldText, nullable=False, server_default=""),
    Column("private", Boolean, nullable=False, server_default=text("0")),  # somebody said "don't learn from this"
    Column("probability", Float, nullable=False, server_default="0.5"),  # of success, by all the evidence
    Column("suspicion", ToldText, nullable=False, server_default=""),  # why it looks like a hack; "": it does not
)
Index("ix_tasks_closed", tasks.c.scope, tasks.c.closed)
Index("ix_tasks_open", tasks.c.conversation, tasks.c.closed)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("task", String, ForeignKey("tasks.id"), nullable=False, index=True),
    Column("source", String, nullable=False),  # verifier, feedback, behaviour, judge
    Column("verdict", String, nullable=False),  # success, failure; unknown: it was asked and could not tell
    Column("text", ToldText, nullable=False),
    Column("person", String, nullable=False, server_default=""),
    Column("at", Float, nullable=False),
    Column("rule", String, nullable=False, server_default=""),  # what gave it: a verifier's name, thanks, stopped, …
    Column("weight", Float, nullable=False, server_default="0"),  # log-odds that it moved the outcome by
)

judgements = Table(
    "judgements",
    metadata,
    Column("digest", String, primary_key=True),  # SHA-256 of the question, with the transcript in it
    Column("verdict", String, nullable=False),
    Column("text", ToldText, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("at", Float, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("name", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("scope", String),  # null: everywhere
    Column("files", JSON, nullable=False),  # path to text
    Column("approved_by", String, nullable=False),
    Column("approved_at", Float, nullable=False),
    Column("tools", JSON, nullable=False, server_default="{}"),  # what its tools were then: name to pin
)

uses = Table(
    "uses",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("turn", Integer, ForeignKey("turns.id"), nullable=False, index=True),
    Column("place", String, nullable=False),
    Column("name", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("parameters", ToldJSON, nullable=False),
    Column("status", String, nullable=False),  # done, failed
    Column("checks", JSON, nullable=False),  # the verdicts of `verify`: a list of booleans
    Column("failed_step", String),
    Column("reason", ToldText, nullable=False, server_default=""),
    Column("calls", Integer, nullable=False),  # steps' calls that needed no model
    Column("at", Float, nullable=False),
    Column("unexpected", Boolean, nullable=False, server_default=text("0")),  # `expect` refused an output
    Column("verdict", String, nullable=False, server_default="unknown"),  # by its checks, else by its task's outcome
    UniqueConstraint("turn", "place"),
)
Index("ix_uses_skill", uses.c.name, uses.c.digest)

lives = Table(
    "lives",
    metadata,
    Column("name", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("state", String, nullable=False),  # live (on trial, as without a row), trusted, suspended, evicted
    Column("since", Float, nullable=False),
    Column("why", ToldText, nullable=False),
    Column("counted_from", Integer, nullable=False, server_default="0"),  # uses up to this id count no more
)

audit = Table(  # triggers refuse every change and deletion
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("action", String, nullable=False),
    Column("name", String, nullable=False, index=True),
    Column("digest", String, nullable=False),
    Column("scope", String),  # null: everywhere
    Column("person", String, nullable=False),  # who decided; "": the bot by its rules
    Column("person_name", String, nullable=False),
    Column("origin", String, nullable=False),  # a conversation's key, or `command line`
    Column("detail", ToldText, nullable=False),
)

preferences = Table(
    "preferences",
    metadata,
    Column("scope", String, primary_key=True),
    Column("name", String, primary_key=True),  # a skill's
    Column("wish", String, nullable=False),  # never: it is not used there
    Column("person", String, nullable=False),
    Column("at", Float, nullable=False),
)

showings = Table(
    "showings",
    metadata,
    Column("scope", String, primary_key=True),  # of the conversation
    Column("name", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("shown", Integer, nullable=False),  # turns in which the model saw the skill
    Column("chosen", Integer, nullable=False),  # of these: it called it
    Column("passed", Integer, nullable=False),  # of these: it called other tools and not this one
)

vectors = Table(
    "vectors",
    metadata,
    Column("digest", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # of the words a skill is found by: float32, little-endian, norm 1
)

proposals = Table(
    "proposals",
    metadata,
    Column("id", String, primary_key=True),
    Column("scope", String, nullable=False, index=True),
    Column("conversation", String, nullable=False),
    Column("name", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("files", JSON, nullable=False),  # path to text: the bytes that were shown
    Column("fingerprint", String, nullable=False),  # of the structure: a rejection is remembered by it
    Column("evidence", ToldJSON, nullable=False),
    Column("state", String, nullable=False),  # pending, approved, rejected, superseded, expired
    Column("decided_by", String),
    Column("decided_name", String),
    Column("decided_at", Float),
    Column("created", Float, nullable=False),
    Column("kind", String, nullable=False, server_default="new"),  # new, refined, re-extracted, taught, edited, …
    Column("based_on", String),  # the digest that it is to take the place of
    Column("reason", String, nullable=False, server_default=""),  # why it was rejected
    Column("posted", Float),  # when its card or its name in a digest was posted
    Column("reminded", Float),  # when its people were reminded
)

confirmations = Table(
    "confirmations",
    metadata,
    Column("id", String, primary_key=True),
    Column("turn", Integer, ForeignKey("turns.id"), nullable=False),
    Column("place", String, nullable=False),
    Column("name", String, nullable=False),  # a skill's, or a tool's
    Column("digest", String, nullable=False),  # the skill's, or the tool's pin
    Column("scope", String, nullable=False),
    Column("person", String, nullable=False),  # who asked for the work
    Column("state", String, nullable=False),  # waiting, once, always, no
    Column("decided_by", String),
    Column("decided_name", String),
    Column("decided_at", Float),
    Column("created", Float, nullable=False),
    UniqueConstraint("turn", "place"),
)

permissions = Table(
    "permissions",
    metadata,
    Column("scope", String, primary_key=True),
    Column("name", String, primary_key=True),  # a tool's, or a skill's as the model calls it
    Column("digest", String, nullable=False),  # the tool's pin, or the skill's
    Column("person", String, nullable=False),  # who said "Always here"
    Column("person_name", String, nullable=False),
    Column("at", Float, nullable=False),
)

buttons = Table(
    "buttons",
    metadata,
    Column("id", String, primary_key=True),  # opaque and random
    Column("kind", String, nullable=False),  # proposal, confirmation, feedback, guest
    Column("subject", String, nullable=False),  # the id of what it decides on; for feedback and guests the turn's
    Column("action", String, nullable=False),
)

reminders = Table(
    "reminders",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation", String, nullable=False, index=True),  # where it was made and speaks
    Column("scope", String, nullable=False, index=True),
    Column("person", String, nullable=False),  # who made it: it is done in their name
    Column("person_name", String, nullable=False),
    Column("what", ToldText, nullable=False),  # empty once it is over
    Column("work", Boolean, nullable=False),  # the bot does it; else it only says it
    Column("skill", String, nullable=False),  # a skill's name; "": none
    Column("parameters", ToldJSON, nullable=False),  # the skill's
    Column("every", String, nullable=False),  # a cron expression; "": once
    Column("zone", String, nullable=False),
    Column("state", String, nullable=False),  # live, resting, over
    Column("due", Float),  # its next time; null: none is to come
    Column("failures", Integer, nullable=False, server_default="0"),  # runs that failed, in a row
    Column("created", Float, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_reminders_due", reminders.c.state, reminders.c.due)

people = Table(
    "people",
    metadata,
    Column("id", String, primary_key=True),
    Column("paired", Float),  # when the person was let in by a code; null: not
    Column("told", Float),  # when the person was told that the bot is closed
)

pairings = Table(
    "pairings",
    metadata,
    Column("code", String, primary_key=True),  # SHA-256 of the code
    Column("expires", Float, nullable=False),
    Column("used", Float),
)

scopes = Table(
    "scopes",
    metadata,
    Column("scope", String, primary_key=True),
    Column("learning", Boolean, nullable=False, server_default=text("1")),
    Column("mined", Float, nullable=False, server_default="0"),  # when the last cycle read its traces
    Column("told", Float),  # when a shared chat was told that the bot learns there
)

cycles = Table(
    "cycles",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("scope", String, nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("report", ToldJSON, nullable=False),
    Column("tokens", Integer, nullable=False, server_default="0"),
)

facts = Table(
    "facts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("scope", String, nullable=False, index=True),
    Column("conversation", String, nullable=False),  # where it was told: /forget there deletes it
    Column("person", String, nullable=False),  # who told it
    Column("name", String, nullable=False),
    Column("text", ToldText, nullable=False),
    Column("behind", Integer, nullable=False),  # the newest turn when it was told: those behind it know of it
    Column("at", Float, nullable=False),
)

imported = Table(
    "imported",
    metadata,
    Column("scope", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("line", Text, nullable=False),  # the trace as a line of FORMAT.md's trace format, its secrets masked
    Column("at", Float, nullable=False),
)
