"""Answers that grow while they are written (chat.*Stream), and the assistant pane (assistant.threads.*)."""

from bot.domain.json import JSON
from tests.emulators.slack_chat import found_place, own, thread_of, writable
from tests.emulators.slack_limits import (
    MARKDOWN,
    MESSAGE_BLOCK_TEXT,
    TASK_STATUSES,
    Refusal,
    checked_blocks,
    missing,
)
from tests.emulators.slack_method import Method, Parameters
from tests.emulators.slack_state import Message, Place
from tests.emulators.slack_world import STREAM_SECONDS, World

_TASK_TEXT = 256


class Streams:
    """chat.startStream, appendStream and stopStream. A stream is of text or of chunks, never of both."""

    def __init__(self, world: World) -> None:
        self._world = world
        write = {"chat:write"}
        self.methods = {
            "chat.startStream": Method(self.start, write),
            "chat.appendStream": Method(self.append, write),
            "chat.stopStream": Method(self.stop, write),
        }

    async def start(self, given: Parameters) -> JSON:
        place = writable(self._world, given.get("channel"))
        if not given.get("thread_ts"):
            raise missing("thread_ts")
        if place.kind != "im":
            for name in ("recipient_user_id", "recipient_team_id"):
                if not given.get(name):
                    raise Refusal(f"missing_{name}")
        message = Message(place, self._world.bot, "", thread_ts=thread_of(place, given))
        message.stream, message.stream_until = "any", self._world.clock.now() + STREAM_SECONDS
        self._grow(message, given)
        self._world.post(message)
        return {"channel": place.id, "ts": message.ts}

    async def append(self, given: Parameters) -> JSON:
        message = self._streaming(given)
        if not given.get("markdown_text") and not given.get("chunks"):
            raise Refusal("markdown_text_or_chunks_required")
        self._grow(message, given)
        self._world.touch()
        return {"channel": message.place.id, "ts": message.ts}

    async def stop(self, given: Parameters) -> JSON:
        message = self._streaming(given)
        blocks = checked_blocks(given.get("blocks") or [], prefix="end")
        self._grow(message, given)
        fields = {"metadata": given["metadata"]} if given.get("metadata") else {}
        shown = [*message.blocks, *_shown(message), *blocks]
        self._world.change(message, edited=False, stream="", blocks=shown, **fields)
        return {"channel": message.place.id, "ts": message.ts, "message": message.json()}

    def _streaming(self, given: Parameters) -> Message:
        message = own(self._world, given, "message_not_owned_by_app")
        if message.stream == "stopped":
            raise Refusal("stopped_by_user")
        if not self._world.is_streaming(message):
            raise Refusal("message_not_in_streaming_state")
        return message

    def _grow(self, message: Message, given: Parameters) -> None:
        """Add text or chunks. All of a call is added, or nothing. Raises Refusal."""
        text, chunks = given.get("markdown_text") or "", given.get("chunks") or []
        if text and chunks:
            raise Refusal("cannot_provide_both_markdown_text_and_chunks")
        mode = "markdown_text" if text else "chunks" if chunks else "any"
        if "any" not in (mode, message.stream) and mode != message.stream:
            raise Refusal("streaming_mode_mismatch")
        if len(text) > MARKDOWN:
            raise Refusal("msg_too_long")
        added = text + "".join(_checked_chunk(chunk).get("text", "") for chunk in chunks)
        if len(message.text) + len(added) > MESSAGE_BLOCK_TEXT:
            raise Refusal("msg_blocks_too_long")
        message.stream = mode if message.stream == "any" else message.stream
        message.text += added
        for chunk in chunks:
            _apply(message, chunk)


class Assistant:
    """What the assistant pane shows around a thread."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.methods = {
            "assistant.threads.setStatus": Method(self.status, {"assistant:write", "chat:write"}),
            "assistant.threads.setTitle": Method(self.title, {"assistant:write"}),
            "assistant.threads.setSuggestedPrompts": Method(self.prompts, {"assistant:write"}),
        }

    async def status(self, given: Parameters) -> JSON:
        place, root = self._thread(given)
        if len(given.get("loading_messages") or []) > 10:
            raise Refusal("invalid_arguments")
        self._world.set_status(place, root.ts, str(given.get("status") or ""))
        return {}

    async def title(self, given: Parameters) -> JSON:
        place, root = self._thread(given)
        if place.kind != "im" or not given.get("title"):
            raise Refusal("invalid_thread_ts" if given.get("title") else "invalid_arguments")
        place.titles[root.ts] = str(given["title"])
        if root.subtype == "assistant_app_thread":
            self._world.change(root, edited=False, text=str(given["title"]))
        self._world.touch()
        return {}

    async def prompts(self, given: Parameters) -> JSON:
        place, ts = found_place(self._world, given.get("channel_id")), ""
        if given.get("thread_ts"):
            place, root = self._thread(given)
            ts = root.ts
        prompts = given.get("prompts")
        if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
            raise Refusal("invalid_arguments")
        if not all(prompt.get("title") and prompt.get("message") for prompt in prompts):
            raise Refusal("invalid_arguments")
        place.prompts[ts] = prompts
        self._world.touch()
        return {}

    def _thread(self, given: Parameters) -> tuple[Place, Message]:
        place = found_place(self._world, given.get("channel_id"))
        root = place.find(given.get("thread_ts"))
        if root is None:
            raise Refusal("invalid_thread_ts")
        return place, root


def _shown(message: Message) -> list[JSON]:
    """The blocks that a stream leaves: its tasks, then its text."""
    names = ("title", "status")
    tasks = [
        {"type": "task_card", "block_id": f"task-{task}", "task_id": task} | {name: told.get(name) for name in names}
        for task, told in message.tasks.items()
    ]
    return tasks + ([{"type": "markdown", "block_id": "text", "text": message.text}] if message.text else [])


def _checked_chunk(chunk: JSON) -> JSON:
    kind = chunk.get("type") if isinstance(chunk, dict) else None
    if kind == "blocks":
        checked_blocks(chunk.get("blocks"))
        return {}
    wanted = {"markdown_text": ("text",), "plan_update": ("title",), "task_update": ("id", "title")}
    if kind not in wanted or not all(isinstance(chunk.get(name), str) for name in wanted[kind]):
        raise Refusal("invalid_chunks")
    if kind == "markdown_text":
        return {"text": chunk["text"]}
    texts = [chunk.get(name) or "" for name in ("title", "details", "output")]
    if max(map(len, texts)) > _TASK_TEXT or chunk.get("status", "pending") not in TASK_STATUSES:
        raise Refusal("invalid_chunks")
    return {}


def _apply(message: Message, chunk: JSON) -> None:
    if chunk["type"] == "task_update":
        message.tasks[chunk["id"]] = {**message.tasks.get(chunk["id"], {}), **chunk}
    elif chunk["type"] == "plan_update":
        message.plan = chunk["title"]
    elif chunk["type"] == "blocks":
        message.blocks = message.blocks + checked_blocks(chunk["blocks"], prefix=f"s{len(message.blocks)}-")
