"""The methods of the Bot API, over the emulator's world. Each takes the call's parameters and gives its result."""

import re
from collections.abc import Awaitable, Callable

from bot.domain.json import JSON
from tests.emulators.telegram_limits import Refusal, bad, checked_entities, checked_keyboard, checked_text
from tests.emulators.telegram_state import Chat, Message, User, World, in_topic

Parameters = dict[str, JSON]
STALE = "query is too old and response timeout expired or query ID is invalid"
_RIGHTS = (
    "can_be_edited", "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
    "can_delete_stories",
)  # fmt: skip


class BotApi:
    """What the bot can call."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.commands: list[JSON] = []
        self.methods: dict[str, Callable[[Parameters], Awaitable[JSON]]] = {
            "getMe": self.get_me,
            "getUpdates": self.get_updates,
            "setWebhook": self.set_webhook,
            "deleteWebhook": self.delete_webhook,
            "getWebhookInfo": self.get_webhook_info,
            "sendMessage": self.send_message,
            "editMessageText": self.edit_message_text,
            "editMessageReplyMarkup": self.edit_message_reply_markup,
            "deleteMessage": self.delete_message,
            "answerCallbackQuery": self.answer_callback_query,
            "sendChatAction": self.send_chat_action,
            "setMyCommands": self.set_my_commands,
            "getMyCommands": self.get_my_commands,
            "getChat": self.get_chat,
            "getChatAdministrators": self.get_chat_administrators,
            "getChatMember": self.get_chat_member,
        }

    async def get_me(self, _: Parameters) -> JSON:
        abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return {**self._world.bot.json(), **abilities}

    async def get_updates(self, given: Parameters) -> JSON:
        updates = self._world.updates
        updates.allow(given.get("allowed_updates"))
        timeout = min(float(given.get("timeout", 0)), 50)
        return await updates.fetch(int(given.get("offset", 0)), int(given.get("limit", 100)), timeout)

    async def set_webhook(self, given: Parameters) -> JSON:
        self._world.updates.allow(given.get("allowed_updates"))
        self._world.updates.set_webhook(given.get("url", ""))
        return True

    async def delete_webhook(self, given: Parameters) -> JSON:
        self._world.updates.set_webhook("")
        if given.get("drop_pending_updates"):
            self._world.updates.pending.clear()
        return True

    async def get_webhook_info(self, _: Parameters) -> JSON:
        updates = self._world.updates
        return {
            "url": updates.webhook,
            "has_custom_certificate": False,
            "pending_update_count": len(updates.pending),
        }

    async def send_message(self, given: Parameters) -> JSON:
        chat = self._writable(given)
        text = checked_text(given.get("text"))
        entities = checked_entities(text, given.get("entities", []))
        keyboard = checked_keyboard(given["reply_markup"]) if "reply_markup" in given else []
        extra = _topic(chat, given)
        message = Message(chat, self._world.bot, text, entities, _quoted(chat, given), keyboard, extra=extra)
        self._world.post(message)
        return message.json()

    async def edit_message_text(self, given: Parameters) -> JSON:
        message = self._own(given, "edit")
        text = checked_text(given.get("text"))
        entities = checked_entities(text, given.get("entities", []))
        return self._change(message, text, entities, given)

    async def edit_message_reply_markup(self, given: Parameters) -> JSON:
        message = self._own(given, "edit")
        return self._change(message, message.text, message.entities, given)

    async def delete_message(self, given: Parameters) -> JSON:
        message = self._own(given, "delete")
        message.chat.messages.remove(message)
        self._world.touch()
        return True

    async def answer_callback_query(self, given: Parameters) -> JSON:
        query = self._world.queries.get(str(given.get("callback_query_id")))
        if query is None or query.stale:
            raise bad(STALE)
        text = str(given.get("text", ""))
        if len(text) > 200:
            raise bad("MESSAGE_TOO_LONG")
        query.answered, query.answer = True, text
        self._world.touch()
        return True

    async def send_chat_action(self, given: Parameters) -> JSON:
        _topic(self._writable(given), given)
        if given.get("action") != "typing":
            raise bad("wrong parameter action in request")
        return True

    async def set_my_commands(self, given: Parameters) -> JSON:
        commands = given.get("commands", [])
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]) or not 1 <= len(command["description"]) <= 256:
                raise bad("BOT_COMMAND_INVALID")
        if len(commands) > 100:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        self.commands = commands
        self._world.touch()
        return True

    async def get_my_commands(self, _: Parameters) -> JSON:
        return self.commands

    async def get_chat(self, given: Parameters) -> JSON:
        kept = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": {}}
        return {**self._chat(given).json(), **kept}

    async def get_chat_administrators(self, given: Parameters) -> JSON:
        chat = self._writable(given)
        if chat.type == "private":
            raise bad("there are no administrators in the private chat")
        people = (self._world.users[user] for user, status in chat.members.items() if status in _ADMINS)
        return [_member(chat, user) for user in people]

    async def get_chat_member(self, given: Parameters) -> JSON:
        chat, user = self._chat(given), self._world.users.get(int(given.get("user_id", 0)))
        if user is None:
            raise bad("invalid user_id specified")
        return _member(chat, user)

    def _chat(self, given: Parameters) -> Chat:
        try:
            chat = self._world.chats[int(given.get("chat_id", ""))]
        except (KeyError, ValueError):
            raise bad("chat not found") from None
        if chat.migrated_to:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, description, migrate_to_chat_id=chat.migrated_to)
        return chat

    def _writable(self, given: Parameters) -> Chat:
        chat = self._chat(given)
        status = chat.members.get(self._world.bot.id, "left")
        if chat.type == "private" and status == "kicked":
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if status in ("left", "kicked"):
            raise Refusal(403, f"Forbidden: bot was kicked from the {chat.type} chat")
        return chat

    def _own(self, given: Parameters, purpose: str) -> Message:
        """The bot's message that is to be changed."""
        message = self._writable(given).find(int(given.get("message_id", 0)))
        if message is None:
            raise bad(f"message to {purpose} not found")
        if message.sender is not self._world.bot:
            raise bad(f"message can't be {purpose}{'ed' if purpose == 'edit' else 'd'}")
        return message

    def _change(self, message: Message, text: str, entities: list[JSON], given: Parameters) -> JSON:
        """Without `reply_markup` the buttons go."""
        keyboard = checked_keyboard(given["reply_markup"]) if "reply_markup" in given else []
        if (text, entities, keyboard) == (message.text, message.entities, message.keyboard):
            raise bad(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        message.text, message.entities, message.keyboard = text, entities, keyboard
        message.edits += 1
        self._world.touch()
        return message.json()


_ADMINS = ("creator", "administrator")


def _topic(chat: Chat, given: Parameters) -> JSON:
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


def _member(chat: Chat, user: User) -> JSON:
    status = chat.members.get(user.id, "left")
    member: JSON = {"status": status, "user": user.json()}
    if status in _ADMINS:
        member["is_anonymous"] = False
    if status == "administrator":
        member.update(dict.fromkeys(_RIGHTS, True))
    if status == "kicked":
        member["until_date"] = 0
    return member
