"""What a server's failure means for the caller: wait, mend a setting, or send less."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from bot.domain.json import JSON
from bot.errors import ContextTooLong, ModelError, ModelRefused, ModelUnavailable
from bot.words import Sentence

QUOTE = 300
"""Characters of a server's own words in our sentences."""

TOO_LONG = re.compile(
    r"context[_ ](length|window|size|overflow)|(maximum|max) (context|prompt|model) length"
    r"|(prompt|input) (is )?too long|too many tokens|token count.*exceed|exceed(ed|s)? (the )?(model )?token limit"
    r"|request (entity )?too large|reduce the length|must (be|have) (<=|less than|at most) \d+ tokens"
    r"|longer than the (maximum )?model|too large for model",
    re.IGNORECASE,
)
"""The wordings of OpenAI, Azure, OpenRouter, Groq, Mistral, Gemini, xAI, Anthropic, Bedrock, vLLM, llama.cpp, TGI,
Ollama and LM Studio; there is no common code."""

FORM_REFUSED = re.compile(
    r"response_format|stream_options"
    r"|\bstream(ing)?\b[^.]{0,60}\b(not (supported|implemented|available|allowed|enabled)|unsupported|disabled)"
    r"|(not|n't) support[^.]{0,60}\bstream"
    r"|\bimages?\b[^.]{0,60}\bnot (supported|configured)|unsupported[^.]{0,60}\bimage_url",
    re.IGNORECASE,
)
"""What some servers answer with a status of 500 and more, which waiting does not mend."""

MINUTE_TOO_SMALL = re.compile(r"request too large|must be reduced", re.IGNORECASE)
"""A 429 that waiting does not mend: the request alone is above the account's tokens a minute."""


class RequestNotTaken(ModelRefused):
    """The server does not take a request of this form; another form may do."""


@dataclass(frozen=True, slots=True)
class Server:
    """Whom we talk to, as far as a sentence may tell: `host` has no credentials, `key` is what quotes must not show."""

    host: str
    model: str
    key: str = field(repr=False)

    def quote(self, body: object) -> Sentence | str:
        """The server's own words on one line: ` (it says: …)`, or nothing if it said nothing for people."""
        words = " ".join("".join(c if c.isprintable() else " " for c in _words(body)).split())
        if self.key:
            words = words.replace(self.key, "[key]")
        if not words or words.startswith("<"):
            return ""
        return Sentence(" (it says: {words})", words=words[:QUOTE])


def failure(server: Server, status: int, body: object, after: float | None = None) -> ModelError:
    """The error for an HTTP status and the parsed body or text that came with it."""
    said = server.quote(body)
    host, model = server.host, server.model
    if _too_long(status, _words(body) + _code(body)):
        return ContextTooLong("The conversation is too long for {model}{said}.", model=model, said=said)
    if status == 402 or "insufficient_quota" in _code(body):
        return ModelRefused(
            "The account at {host} has no credit left{said}: top it up or set another OPENAI_API_KEY.",
            host=host,
            said=said,
        )
    if status in (408, 409, 425, 429) or status >= 500:
        if FORM_REFUSED.search(said):
            return RequestNotTaken(
                "The model server at {host} refuses the form of the request{said}.", host=host, said=said
            )
        return ModelUnavailable(
            "The model server at {host} is busy or broken, status {status}{said}.",
            after,
            host=host,
            status=status,
            said=said,
        )
    return _refused(host, model, status, said)


def _refused(host: str, model: str, status: int, said: Sentence | str) -> ModelRefused:
    """What waiting does not mend: the settings, or the form of the request."""
    if status == 401:
        return ModelRefused(
            "The model server at {host} refuses the key{said}: set OPENAI_API_KEY.", host=host, said=said
        )
    if status == 403:
        return ModelRefused(
            "The model server at {host} forbids the use of {model}{said}: check OPENAI_API_KEY and APPRENTICE_MODEL.",
            host=host,
            model=model,
            said=said,
        )
    if status in (404, 405):
        return ModelRefused(
            "The model server at {host} knows no model {model}, or no chat completions at this address{said}: "
            "check APPRENTICE_MODEL and OPENAI_BASE_URL.",
            host=host,
            model=model,
            said=said,
        )
    return RequestNotTaken(
        "The model server at {host} refuses the request, status {status}{said}: "
        "check that APPRENTICE_MODEL names a chat model that can call tools.",
        host=host,
        status=status,
        said=said,
    )


def blamed(body: Mapping[str, JSON], said: str) -> str | None:
    """The field to leave out of a request that was refused in these words; None if nothing is left to leave out."""
    if "max_tokens" in body and "max_completion_tokens" in said:
        return "max_tokens"
    if "stream_options" in body and re.search("stream_options|include_usage", said):
        return "stream_options"
    if "stream" in body and re.search(r"\bstream", said, re.IGNORECASE):
        return "stream"
    return next((field for field in ("response_format", "stream") if field in body), None)


def wait_asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110: seconds, or a date), None where it says nothing usable."""
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return seconds if 0 <= seconds < 86_400 else None


def _too_long(status: int, words: str) -> bool:
    return status == 413 or bool((MINUTE_TOO_SMALL if status == 429 else TOO_LONG).search(words))


def _words(body: object) -> str:
    """The message in `{"error": {"message": …}}`, `{"error": …}`, `{"message": …}`, `{"detail": …}` or plain text."""
    while isinstance(body, dict):
        body = next((body[key] for key in ("error", "message", "detail") if body.get(key)), "")
    return str(body)


def _code(body: JSON) -> str:
    if not isinstance(body, dict):
        return ""
    inner = body.get("error")
    return _code(inner) if isinstance(inner, dict) else f" {body.get('code')} {body.get('type')}"
