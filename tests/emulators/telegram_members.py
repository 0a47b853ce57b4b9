"""Who is in which chat: members as the Bot API shows them, the bot's own comings and goings, groups that move."""

import time
from typing import TYPE_CHECKING

from bot.domain.json import JSON

if TYPE_CHECKING:
    from tests.emulators.telegram_state import Chat, User, World

ADMINS = ("creator", "administrator")
_RIGHTS = (
    "can_be_edited", "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
    "can_delete_stories",
)  # fmt: skip
_PERMISSIONS = (
    "can_change_info", "can_invite_users", "can_pin_messages", "can_send_messages", "can_send_polls",
    "can_send_other_messages", "can_add_web_page_previews", "can_manage_topics", "can_send_audios",
    "can_send_documents", "can_send_photos", "can_send_videos", "can_send_video_notes", "can_send_voice_notes",
    "can_edit_tag", "can_react_to_messages",
)  # fmt: skip


def member(user: "User", status: str) -> JSON:
    """A ChatMember of the Bot API."""
    shown: JSON = {"status": status, "user": user.json()}
    if status in ADMINS:
        shown["is_anonymous"] = False
    if status == "administrator":
        shown.update(dict.fromkeys(_RIGHTS, True))
    if status == "restricted":
        shown.update({**dict.fromkeys(_PERMISSIONS, True), "is_member": True, "until_date": 0})
    if status == "kicked":
        shown["until_date"] = 0
    return shown


def change_bot(world: "World", chat: "Chat", status: str, by: "User", *, is_member: bool = True) -> None:
    """Let somebody change what the bot is in a chat: take it in, throw it out, block it; the bot is told.

    `is_member` is for who is `restricted`, which may be outside.
    """
    was = chat.members.get(world.bot.id, "left")
    chat.members[world.bot.id] = status
    old, new = member(world.bot, was), member(world.bot, status)
    if status == "restricted":
        new["is_member"] = is_member
    change = {"chat": chat.json(), "from": by.json(), "date": int(time.time())}
    world.updates.add("my_chat_member", {**change, "old_chat_member": old, "new_chat_member": new})
