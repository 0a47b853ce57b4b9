"""What Slack refuses and what the SDK raises, said in the port's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import DeliverLater, DeliveryError, Gone, MaybeDelivered, Undeliverable

# The SDK raises AttributeError for an answer that is no JSON object.
CALL_FAILED = (SlackApiError, aiohttp.ClientError, TimeoutError, AttributeError)
"""What a call may raise."""
TOKEN_REFUSED = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
"""Errors that only another token ends (docs.slack.dev/reference/methods/auth.test)."""

_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_FLOODED = frozenset({"message_limit_exceeded", "rate_limited", "ratelimited"})
_BROKE = frozenset({"fatal_error", "internal_error"})
"""Of both Slack says: "It's possible some aspect of the operation succeeded before the error was raised."."""
_PASSING = frozenset(
    {"request_timeout", "service_unavailable", "streaming_state_conflict", "team_added_to_org", "update_failed"}
)
_CLOSED = {
    "not_in_channel": "The bot is not in channel {chat}: invite it with /invite.",
    "is_archived": "Channel {chat} is archived, nothing can be posted there: unarchive it.",
    "is_inactive": "Channel {chat} is archived or gone, nothing can be changed there.",
    "channel_not_found": "The bot does not see channel {chat}: it is gone, or private and the bot is not in it "
    "(invite it with /invite).",
    "messages_tab_disabled": "The app's Messages tab is off, chat {chat} takes nothing: switch it on under App Home.",
    "restricted_action": "The workspace lets the bot not write to channel {chat}: allow it in the channel's settings.",
    "restricted_action_read_only_channel": "Channel {chat} is read-only: let the bot write there.",
    "account_inactive": "The app was removed from the workspace of chat {chat}: install it again and set "
    "SLACK_BOT_TOKEN.",
}
"""Chats that a person has to open to the bot again (docs.slack.dev/reference/methods/chat.postMessage)."""
_MENDABLE = TOKEN_REFUSED - _CLOSED.keys() | {"missing_scope"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not ok. `code`: Slack's word for it, empty if none came; `after`: seconds it asks to wait."""

    status: int
    code: str
    after: float | None

    @property
    def why(self) -> str:
        """In a few words."""
        return self.code or f"status {self.status} without an answer of Slack's"

    @property
    def flooded(self) -> bool:
        """Whether Slack asks to wait."""
        return self.status == 429 or self.code in _FLOODED

    @property
    def unreadable(self) -> bool:
        """Whether it may be the answer to what was done."""
        return not self.code and self.status < 400

    @property
    def passing(self) -> bool:
        """Whether the same call may be taken later."""
        return self.flooded or self.broke or self.status >= 400 or self.code in _PASSING

    @property
    def broke(self) -> bool:
        """Whether Slack failed on the way, and may have done it all the same."""
        return self.status >= 500 or self.code in _BROKE

    @property
    def closed(self) -> bool:
        """Whether it is the chat that is closed to the bot, whatever it does there."""
        return self.code in _CLOSED


def refusal(error: SlackApiError) -> Refusal:
    """What an answer that is not ok says."""
    response = error.response
    if not isinstance(response, AsyncSlackResponse):  # the body was no JSON
        return Refusal(response.status, "", None)
    data = response.data
    after = response.headers.get("Retry-After", "")
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    return Refusal(response.status_code, code, float(after) if after.isdecimal() else None)


def why(error: Exception) -> str:
    """A failed call in a few words; the SDK's own sentences may hold what was said."""
    return refusal(error).why if isinstance(error, SlackApiError) else type(error).__name__


def wait_asked(error: Exception) -> float:
    """Seconds that Slack asks to wait, 0 if it does not."""
    return refusal(error).after or 0.0 if isinstance(error, SlackApiError) else 0.0


@contextmanager
def delivering(chat: str) -> Iterator[None]:
    """Turn a failed call in the body into DeliverLater, MaybeDelivered or Undeliverable for this chat."""
    try:
        yield
    except SlackApiError as error:
        raise _refused(refusal(error), chat) from error
    except _NEVER_SENT as error:
        raise DeliverLater(f"Slack cannot be reached for chat {chat}: {why(error)}.") from error
    except CALL_FAILED as error:
        raise MaybeDelivered(f"Slack's answer was lost, the message may stand in chat {chat}: {why(error)}.") from error


@contextmanager
def posting(chat: str) -> Iterator[None]:
    """As `delivering`, where doing it again would make a second message: what broke over there may have made the first.

    To be looked for before it is posted again.
    """
    with delivering(chat):
        try:
            yield
        except SlackApiError as error:
            if refusal(error).broke:
                raise MaybeDelivered(f"Slack broke off, the message may stand in chat {chat}: {why(error)}.") from error
            raise


def _refused(refusal: Refusal, chat: str) -> DeliveryError:
    if refusal.flooded:
        return DeliverLater(f"Slack asks to wait before the next message to chat {chat}.", refusal.after)
    if refusal.code in _MENDABLE:
        return DeliverLater(
            f"Slack refused the bot ({refusal.code}), chat {chat} waits: check SLACK_BOT_TOKEN and the app's scopes."
        )
    if refusal.passing:
        return DeliverLater(f"Slack does not take messages now, chat {chat} waits: {refusal.why}.", refusal.after)
    if refusal.code:
        reason = _CLOSED.get(refusal.code, "Slack refused the message to chat {chat}: {code}.")
        return (Gone if refusal.closed else Undeliverable)(reason, chat=chat, code=refusal.code)
    return MaybeDelivered(f"Slack's answer could not be read, the message may stand in chat {chat}.")
