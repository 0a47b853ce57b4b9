"""The methods of the Bot API that write into chats."""

from bot.domain.json import JSON
from tests.emulators.telegram_limits import (
    Refusal,
    bad,
    checked_caption,
    checked_draft,
    checked_entities,
    checked_keyboard,
    checked_text,
)
from tests.emulators.telegram_state import DRAFT_SECONDS, Chat, Draft, Message, World, in_topic

Parameters = dict[str, JSON]


class Writing:
    """What the bot can post, show and change."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def send_message(self, given: Parameters) -> JSON:
        chat = writable(self._world, given)
        text = checked_text(given.get("text"))
        return self._post(chat, text, checked_entities(text, given.get("entities", [])), given)

    async def send_document(self, given: Parameters) -> JSON:
        chat = writable(self._world, given)
        caption = checked_caption(given.get("caption", ""))
        entities = checked_entities(caption, given.get("caption_entities", []))
        file = self._world.files.uploaded(given.get("document"))
        document = {"document": file.json(file_name=file.name, mime_type=file.media)}
        return self._post(chat, caption, entities, given, document)

    async def send_message_draft(self, given: Parameters) -> JSON:
        chat = writable(self._world, given)
        if chat.type != "private":
            raise bad("TEXTDRAFT_PEER_INVALID")
        text, draft = checked_draft(given.get("text", "")), int(given.get("draft_id", 0))
        if not draft:
            raise bad("RANDOM_ID_INVALID")
        _topic(chat, given)
        entities = checked_entities(text, given.get("entities", []))
        before = chat.drafts.get(draft)
        shows = before.shows + 1 if before else 1
        chat.drafts[draft] = Draft(text, entities, self._world.now() + DRAFT_SECONDS, shows)
        self._world.touch()
        return True

    async def edit_message_text(self, given: Parameters) -> JSON:
        message = self._own(given, "edit")
        text = checked_text(given.get("text"))
        return self._change(message, text, checked_entities(text, given.get("entities", [])), given)

    async def edit_message_reply_markup(self, given: Parameters) -> JSON:
        message = self._own(given, "edit")
        return self._change(message, message.text, message.entities, given)

    async def delete_message(self, given: Parameters) -> JSON:
        message = self._own(given, "delete")
        message.chat.messages.remove(message)
        self._world.touch()
        return True

    async def set_message_reaction(self, given: Parameters) -> JSON:
        message = writable(self._world, given).find(int(given.get("message_id", 0)))
        if message is None:
            raise bad("message to react not found")
        message.reactions = [reaction["emoji"] for reaction in given.get("reaction", [])]
        self._world.touch()
        return True

    async def send_chat_action(self, given: Parameters) -> JSON:
        _topic(writable(self._world, given), given)
        if given.get("action") != "typing":
            raise bad("wrong parameter action in request")
        return True

    def _post(
        self, chat: Chat, text: str, entities: list[JSON], given: Parameters, file: dict[str, JSON] | None = None
    ) -> JSON:
        keyboard = checked_keyboard(given["reply_markup"]) if "reply_markup" in given else []
        extra = {**_topic(chat, given), **(file or {})}
        quoted = _quoted(chat, given)
        self._count(chat)
        message = Message(
            chat, self._world.bot, text, entities, quoted, keyboard, caption=file is not None, extra=extra
        )
        self._world.post(message)
        return message.json()

    def _count(self, chat: Chat) -> None:
        if self._world.rates:
            self._world.rates.take(chat.id)

    def _own(self, given: Parameters, purpose: str) -> Message:
        """The bot's message that is to be changed."""
        message = writable(self._world, given).find(int(given.get("message_id", 0)))
        if message is None:
            raise bad(f"message to {purpose} not found")
        if message.sender is not self._world.bot:
            raise bad(f"message can't be {purpose}{'ed' if purpose == 'edit' else 'd'}")
        return message

    def _change(self, message: Message, text: str, entities: list[JSON], given: Parameters) -> JSON:
        """Without `reply_markup` the buttons go."""
        keyboard = checked_keyboard(given["reply_markup"]) if "reply_markup" in given else []
        self._count(message.chat)
        if (text, entities, keyboard) == (message.text, message.entities, message.keyboard):
            raise bad(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        message.text, message.entities, message.keyboard = text, entities, keyboard
        message.edits += 1
        self._world.touch()
        return message.json()


def chat_of(world: World, given: Parameters) -> Chat:
    """The chat that a call names."""
    try:
        chat = world.chats[int(given.get("chat_id", ""))]
    except (KeyError, ValueError):
        raise bad("chat not found") from None
    if chat.migrated_to:
        description = "Bad Request: group chat was upgraded to a supergroup chat"
        raise Refusal(400, description, migrate_to_chat_id=chat.migrated_to)
    return chat


def writable(world: World, given: Parameters) -> Chat:
    """The chat that a call names, if the bot may write there."""
    chat = chat_of(world, given)
    status = chat.members.get(world.bot.id, "left")
    if chat.type == "private" and status == "kicked":
        raise Refusal(403, "Forbidden: bot was blocked by the user")
    if status in ("left", "kicked"):
        raise Refusal(403, f"Forbidden: bot was kicked from the {chat.type} chat")
    return chat


def _topic(chat: Chat, given: Parameters) -> dict[str, JSON]:
    thread = given.get("message_thread_id")
    if thread is not None and int(thread) not in chat.topics:
        raise bad("message thread not found")
    return in_topic(int(thread)) if thread is not None else {}


def _quoted(chat: Chat, given: Parameters) -> Message | None:
    wanted = given.get("reply_parameters")
    if wanted is None:
        return None
    message = chat.find(wanted.get("message_id"))
    if message is None and not wanted.get("allow_sending_without_reply"):
        raise bad("message to be replied not found")
    return message
