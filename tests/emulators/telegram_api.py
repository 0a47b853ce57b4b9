"""The methods of the Bot API, over the emulator's world. Each takes the call's parameters and gives its result."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.domain.json import JSON
from tests.emulators.telegram_limits import bad
from tests.emulators.telegram_members import ADMINS, member
from tests.emulators.telegram_state import Chat, User
from tests.emulators.telegram_writing import Parameters, Writing, chat_of, writable

if TYPE_CHECKING:
    from tests.emulators.telegram import TelegramEmulator

STALE = "query is too old and response timeout expired or query ID is invalid"


class BotApi:
    """What the bot can call. `menus` are the lists of commands by their scope and language."""

    def __init__(self, world: "TelegramEmulator") -> None:
        self._world = world
        self.menus: dict[tuple[str, str], list[JSON]] = {}
        writing = Writing(world)
        self.methods: dict[str, Callable[[Parameters], Awaitable[JSON]]] = {
            "getMe": self.get_me,
            "getUpdates": self.get_updates,
            "setWebhook": self.set_webhook,
            "deleteWebhook": self.delete_webhook,
            "getWebhookInfo": self.get_webhook_info,
            "sendMessage": writing.send_message,
            "sendMessageDraft": writing.send_message_draft,
            "sendDocument": writing.send_document,
            "editMessageText": writing.edit_message_text,
            "editMessageReplyMarkup": writing.edit_message_reply_markup,
            "deleteMessage": writing.delete_message,
            "answerCallbackQuery": self.answer_callback_query,
            "setMessageReaction": writing.set_message_reaction,
            "sendChatAction": writing.send_chat_action,
            "getFile": self.get_file,
            "setMyCommands": self.set_my_commands,
            "getMyCommands": self.get_my_commands,
            "deleteMyCommands": self.delete_my_commands,
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
        self._world.webhooks.set(given.get("url", ""), given.get("secret_token", ""))
        if given.get("drop_pending_updates"):
            self._world.updates.pending.clear()
        return True

    async def delete_webhook(self, given: Parameters) -> JSON:
        self._world.webhooks.set("", "")
        if given.get("drop_pending_updates"):
            self._world.updates.pending.clear()
        return True

    async def get_webhook_info(self, _: Parameters) -> JSON:
        updates = self._world.updates
        return {
            "url": updates.webhook,
            "has_custom_certificate": False,
            "pending_update_count": len(updates.pending),
            **({"last_error_message": error} if (error := self._world.webhooks.error) else {}),
        }

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

    async def get_file(self, given: Parameters) -> JSON:
        return self._world.files.found(str(given.get("file_id")))

    async def set_my_commands(self, given: Parameters) -> JSON:
        commands = given.get("commands", [])
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]) or not 1 <= len(command["description"]) <= 256:
                raise bad("BOT_COMMAND_INVALID")
        if len(commands) > 100:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        if not re.fullmatch(r"([a-z]{2})?", given.get("language_code", "")):
            raise bad("invalid language code specified")
        self.menus[_menu(given)] = commands
        self._world.touch()
        return True

    async def get_my_commands(self, given: Parameters) -> JSON:
        return self.menus.get(_menu(given), [])

    async def delete_my_commands(self, given: Parameters) -> JSON:
        self.menus.pop(_menu(given), None)
        return True

    async def get_chat(self, given: Parameters) -> JSON:
        kept = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": {}}
        return {**chat_of(self._world, given).json(), **kept}

    async def get_chat_administrators(self, given: Parameters) -> JSON:
        chat = writable(self._world, given)
        if chat.type == "private":
            raise bad("there are no administrators in the private chat")
        people = (self._world.users[user] for user, status in chat.members.items() if status in ADMINS)
        return [_member(chat, user) for user in people]

    async def get_chat_member(self, given: Parameters) -> JSON:
        chat, user = chat_of(self._world, given), self._world.users.get(int(given.get("user_id", 0)))
        if user is None:
            raise bad("invalid user_id specified")
        return _member(chat, user)


def _menu(given: Parameters) -> tuple[str, str]:
    """The scope, `default` if none is given, and the language."""
    scope = given.get("scope", {"type": "default"})
    name = scope["type"] if len(scope) == 1 else json.dumps(scope, sort_keys=True)
    return name, given.get("language_code", "")


def _member(chat: Chat, user: User) -> JSON:
    return member(user, chat.members.get(user.id, "left"))
