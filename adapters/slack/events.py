"""What Slack sends becomes an event of the domain, or nothing when nobody said anything to the bot."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from adapters.slack import forms, home, membership
from adapters.slack.ids import Me
from adapters.slack.markup import mentioned, readable, without
from adapters.slack.payloads import Click, Command, Member, Post, Reaction, Stop
from adapters.slack.people import Known, People
from adapters.slack.text import FORM
from bot.domain.chat import HELP, ButtonClicked, Event, MessageReceived, Person, Reacted
from bot.domain.text import clean

COMMAND = "/apprentice"
MENTION = "app_mention"
MESSAGES = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}
"""The events with messages, by what the message's `channel_type` says; the manifest asks for them and for MENTION."""
REACTIONS = ("reaction_added", "reaction_removed")
STOPPED = "agent_session_stopped"
"""A person pressed Slack's own stop button, beside the status or under a stream."""
DIRECT = "im"
SAID = frozenset({"", "file_share", "me_message", "thread_broadcast"})
"""Subtypes of messages that a person says; edits, deletions and people's comings and goings have others."""


@dataclass(frozen=True, slots=True)
class EventReader:
    """Reads for the bot `me`. `commands`: the words that it takes as commands when nothing else is said."""

    me: Me
    commands: Collection[str]
    people: People

    async def read(self, body: Mapping[str, Any], now: datetime) -> Event | None:
        """The event, or None: of another kind, by a bot, an edit, without anything said, or said among people.

        `now` is when what has no time of its own came. Raises pydantic's ValidationError for what does not have
        Slack's shape.
        """
        if body.get("type") == "block_actions":
            return await self._click(Click.model_validate(body), now)
        if body.get("type") == "view_submission":
            return await self._submitted(forms.Submission.model_validate(body), now)
        if body.get("command") == COMMAND:
            return await self._command(Command.model_validate(body), now)
        event = body.get("event")
        if not isinstance(event, Mapping):
            return None
        kind, event_id = event.get("type"), str(body.get("event_id"))
        if kind in ("message", MENTION):
            return await self._message(Post.model_validate(event))
        if kind in REACTIONS:
            return await self._reaction(Reaction.model_validate(event), now)
        if kind == home.OPENED:
            return await home.read(event, event_id, self.me, self.people, now)
        if kind == STOPPED:
            return await self._stop(Stop.model_validate(event), event_id, now)
        return membership.read(event, event_id, self.me, now) if kind in membership.EVENTS else None

    async def _message(self, post: Post) -> MessageReceived | None:
        if not self._by_person(post) or not (post.type == MENTION or post.channel_type in MESSAGES):
            return None
        direct, called = post.channel_type == DIRECT, self.me.user in mentioned(post.text or "")
        named = direct or called or post.type == MENTION
        # Said in a thread without naming the bot, it is for the bot where the bot began the thread or takes part in it.
        if not named and not post.thread_ts:
            return None
        text = without(post.text_with_shared, self.me.user)
        known = await self.people.known({post.user, *mentioned(text)})
        text = readable(text, {user: found.name for user, found in known.items()})
        if not (text or post.files):
            if not called:
                return None
            text = HELP
        thread = post.thread_ts or ("" if direct else post.ts)
        return MessageReceived(
            key=self.me.key(post.channel, post.ts),
            conversation=replace(self.me.place(post.channel, thread, _language(post.user, known)), direct=direct),
            person=self._person(Member(id=post.user, team_id=post.user_team or post.team), known),
            text=self._as_command(text) if named else text,
            message_id=post.ts,
            at=datetime.fromtimestamp(float(post.ts), UTC),
            addressed=named or post.parent_user_id == self.me.user,
            attachments=tuple(file.attachment for file in post.files or ()),
        )

    def _by_person(self, post: Post) -> bool:
        """Whether a person says it now. Whatever a bot says is left alone: two would never come to an end."""
        by_bot = post.bot_id or post.user in ("", self.me.user)
        return not by_bot and not post.edited and post.subtype in SAID

    def _as_command(self, text: str) -> str:
        """Slack keeps `/skills` from being said; a command's word alone is the command."""
        word = text.lower()
        return f"/{word}" if word in self.commands else text

    async def _click(self, click: Click, now: datetime) -> ButtonClicked | None:
        button = click.actions[0].value if click.actions else None
        where, thread, message = click.where
        if not (button and where):
            return None
        known = await self.people.known({click.user.id})
        return ButtonClicked(
            key=self.me.key("click", click.trigger_id),
            conversation=self.me.place(where, thread, _language(click.user.id, known)),
            person=self._person(click.user, known),
            button=clean(button),
            message_id=message,
            token=click.trigger_id if click.actions[0].action_id.startswith(FORM) else "",
            at=now,
        )

    async def _submitted(self, given: forms.Submission, now: datetime) -> ButtonClicked | None:
        """What was put into a form is a click on the button that opened it."""
        under = given.under
        if under is None:
            return None
        known = await self.people.known({given.user.id})
        return ButtonClicked(
            key=self.me.key("form", given.trigger_id),
            conversation=self.me.place(under.channel, under.thread, _language(given.user.id, known)),
            person=self._person(Member(id=given.user.id, team_id=given.user.team_id), known),
            button=clean(under.button),
            message_id=under.message,
            token=given.trigger_id,
            at=now,
            text=clean(given.text),
        )

    async def _reaction(self, given: Reaction, now: datetime) -> Reacted | None:
        """Slack tells of one reaction at a time: the last that was given counts, until it is taken back."""
        item = given.item
        if item.type != "message" or given.item_user != self.me.user or given.user == self.me.user:
            return None
        known = await self.people.known({given.user})
        return Reacted(
            key=self.me.key(given.type, item.channel, item.ts, given.user, given.reaction, given.event_ts),
            conversation=self.me.place(item.channel, "", _language(given.user, known)),
            person=self._person(Member(id=given.user), known),
            message_id=item.ts,
            emoji=(given.reaction,) if given.type == "reaction_added" else (),
            at=now,
        )

    async def _stop(self, stop: Stop, event_id: str, now: datetime) -> MessageReceived:
        """The press of Slack's button says what the command says."""
        return await self._ordered("/stop", Member(id=stop.user), (stop.channel, stop.thread_ts), event_id, now)

    async def _command(self, said: Command, now: datetime) -> MessageReceived:
        word, _, rest = said.text.strip().removeprefix("/").partition(" ")
        text = f"/{word.lower()} {rest}".strip() if word.lower() in self.commands else HELP
        who = Member(id=said.user_id, name=said.user_name, team_id=said.team_id)
        return await self._ordered(clean(text), who, (said.channel_id, ""), said.trigger_id, now)

    async def _ordered(self, text: str, who: Member, where: tuple[str, str], id: str, now: datetime) -> MessageReceived:
        """A command that was not written as a message; `id` is what Slack names it by."""
        known = await self.people.known({who.id})
        return MessageReceived(
            key=self.me.key("command", id),
            conversation=self.me.place(*where, _language(who.id, known)),
            person=self._person(who, known),
            text=text,
            message_id="",
            at=now,
        )

    def _person(self, member: Member, known: Mapping[str, Known]) -> Person:
        found = known.get(member.id)
        name, zone = (found.name, found.zone) if found else (member.name, "")
        return self.me.person(member.id, name, member.team_id, zone)


def _language(user: str, known: Mapping[str, Known]) -> str:
    return known[user].language if user in known else ""
