"""What OpenAI's server refuses in a chat completion request, with its wording."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.domain.json import JSON

PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
ROLES = frozenset(["system", "developer", "user", "assistant", "tool"])
PARAMETERS = frozenset(
    [
        "model",
        "messages",
        "tools",
        "response_format",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "seed",
        "stream",
        "stream_options",
    ]
)


def mistakes(request: JSON) -> Iterator[str]:
    """Every mistake in a parsed request; the server tells of the first."""
    if not isinstance(request, dict):
        yield "We could not parse the JSON body of your request."
        return
    for name in request.keys() - PARAMETERS:
        yield f"Unrecognized request argument supplied: {name}"
    if not isinstance(request.get("model"), str) or not request["model"]:
        yield "you must provide a model parameter"
    if not isinstance(request.get("messages"), list) or not request["messages"]:
        yield "[] is too short - 'messages'"
        return
    for place, message in enumerate(request["messages"]):
        yield from (f"{mistake} - 'messages.{place}'" for mistake in _message(message))
    yield from _answers(request["messages"])
    if "tools" in request:
        yield from _tools(request["tools"])
    if "stream_options" in request and not request.get("stream"):
        yield "The 'stream_options' parameter is only allowed when 'stream' is enabled."
    if "response_format" in request:
        yield from _response_format(request["response_format"])


def _message(message: JSON) -> Iterator[str]:
    role, content = message.get("role"), message.get("content")
    if role not in ROLES:
        yield f"Invalid value: {role!r}. Supported values are: {', '.join(sorted(ROLES))}."
    if role == "user" and isinstance(content, list):
        yield from (mistake for part in content for mistake in _part(part))
    elif not isinstance(content, str) and not (role == "assistant" and content is None and message.get("tool_calls")):
        yield f"Invalid value for 'content': expected a string, got {type(content).__name__}."
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        yield "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'."
    if "tool_calls" in message:
        if role != "assistant" or not message["tool_calls"]:
            yield "[] is too short"
        for call in message["tool_calls"]:
            yield from _call(call)


def _part(part: JSON) -> Iterator[str]:
    match part:
        case {"type": "text", "text": str()}:
            return
        case {"type": "image_url", "image_url": {"url": str() as url}}:
            if not PICTURE.fullmatch(url):
                yield "You uploaded an unsupported image. Please make sure your image is valid."
        case _:
            yield "Invalid value for 'content': expected text and image_url parts."


def _call(call: JSON) -> Iterator[str]:
    function = call.get("function", {})
    if not isinstance(call.get("id"), str) or call.get("type") != "function":
        yield "Missing required parameter: 'tool_calls[].id' or its type"
    if not NAME.fullmatch(str(function.get("name", ""))):
        yield f"Invalid name {function.get('name')!r}: string does not match pattern '^[a-zA-Z0-9_-]{{1,64}}$'."
    if not isinstance(function.get("arguments"), str):
        yield "Invalid type for 'arguments': expected a string."


def _answers(messages: Sequence[JSON]) -> Iterator[str]:
    """Every call is answered by tool messages right behind it, and nothing else is."""
    open_ids: Counter[str] = Counter()
    for message in messages:
        if message.get("role") == "tool":
            if not open_ids[message.get("tool_call_id", "")]:
                yield "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
            open_ids[message.get("tool_call_id", "")] -= 1
            continue
        yield from _unanswered(open_ids)
        ids = [call.get("id", "") for call in message.get("tool_calls") or ()]
        if len(set(ids)) < len(ids):
            yield f"Duplicate value for 'tool_call_id' in {ids}."
        open_ids = Counter(ids)
    yield from _unanswered(open_ids)


def _unanswered(open_ids: Counter[str]) -> Iterator[str]:
    if missing := list((+open_ids).elements()):
        yield (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(missing)}"
        )


def _tools(tools: JSON) -> Iterator[str]:
    if not isinstance(tools, list) or not tools:
        yield "[] is too short - 'tools'"
        return
    names = [str(tool.get("function", {}).get("name", "")) for tool in tools]
    for place, (tool, name) in enumerate(zip(tools, names, strict=True)):
        if tool.get("type") != "function" or not NAME.fullmatch(name):
            yield (
                f"Invalid 'tools[{place}].function.name': string does not match pattern. "
                "Expected a string that matches the pattern '^[a-zA-Z0-9_-]{1,64}$'."
            )
        if not isinstance(schema := tool["function"].get("parameters"), dict) or schema.get("type") != "object":
            yield f"Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"'."
    for name, count in Counter(names).items():
        if count > 1:
            yield f"Invalid 'tools': tool names must be unique, but '{name}' is repeated."


def _response_format(asked: JSON) -> Iterator[str]:
    if asked.get("type") != "json_schema":
        return
    form = asked["json_schema"]
    if not NAME.fullmatch(str(form.get("name", ""))):
        yield "Invalid 'response_format.json_schema.name'"
    if form.get("strict") and not _closed(form["schema"]):
        yield (
            f"Invalid schema for response_format '{form['name']}': 'additionalProperties' is required to be supplied "
            "and to be false, and 'required' is required to include every key in properties."
        )


def _closed(schema: JSON) -> bool:
    """What strict mode demands of every object in a schema."""
    if isinstance(schema, list):
        return all(map(_closed, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False
        or set(schema.get("required", ())) != set(schema.get("properties", ()))
    ):
        return False
    return all(map(_closed, schema.values()))
