"""All about a proposal, for who wants to decide: what changes, where it was seen, and the file that would go live."""

from collections.abc import Iterator

from bot.domain.chat import Conversation, Outgoing
from bot.domain.skill import SkillRef
from bot.domain.text import plain, shorten
from bot.skills import format
from bot.skills.difference import difference
from bot.store import skills, tasks
from bot.store.proposals import Proposal
from bot.store.store import Connection
from bot.words import say

EXCERPTS = 5
"""Tasks whose requests are shown."""
LONGEST = 120
"""Characters of an excerpt."""


def details(connection: Connection, there: Conversation, proposal: Proposal) -> Outgoing:
    """The details as a message. What people said is shown in the chat that it was said in, nowhere else."""
    name, kind = ("procedure.yaml", "yaml") if "procedure.yaml" in proposal.files else ("SKILL.md", "markdown")
    file = proposal.files[name].decode("utf-8", "replace").replace("```", "ˋˋˋ")
    head = say(there.language, "**{name}** in full, as it would go live:", name=proposal.ref.name)
    facts = [
        *proposal.evidence.get("notes", ()),
        *_changes(connection, there, proposal),
        *(_said(connection, there, proposal) if there.scope == proposal.scope else ()),
    ]
    listed = [f"- {fact}" for fact in facts]
    return Outgoing(there, "\n".join([head, "", *listed, *([""] if listed else []), f"```{kind}", file, "```"]))


def _changes(connection: Connection, there: Conversation, proposal: Proposal) -> Iterator[str]:
    """What sets it apart from the version that it would take the place of, if that is still kept."""
    before = SkillRef(proposal.ref.name, proposal.based_on or "")
    files = skills.files(connection, before)
    if not files or proposal.evidence.get("notes"):  # a folder's notes tell of its changes already
        return
    old, new = (format.parse(proposal.ref.name, each).procedure for each in (files, proposal.files))
    if old is not None and new is not None:
        yield from (change.told(there.language) for change in difference(old, new))


def _said(connection: Connection, there: Conversation, proposal: Proposal) -> Iterator[str]:
    """The newest requests that it was learned from; what was deleted since is not there any more."""
    for task in list(proposal.evidence.get("support", ()))[-EXCERPTS:]:
        first = next((said for said in tasks.said(connection, task) if said.text), None)
        if first is not None:
            words = plain(shorten(first.text, LONGEST))
            yield say(there.language, "Seen when somebody asked: “{words}”", words=words)
