"""The menus of commands that Telegram shows: in direct chats and in groups, in each language."""

from collections.abc import Mapping

import structlog
from telegram import Bot, BotCommand, BotCommandScope, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats
from telegram.error import TelegramError

log = structlog.get_logger()
Menus = Mapping[str, Mapping[str, str]]
"""What each command does, by its name, in each language; `""` is for whoever's language is not among them.

Telegram knows languages by two letters (ISO 639-1); others are left out.
"""
ALONE = frozenset({"start"})
"""Commands for direct chats: Telegram sends `start` there, and it lets one person in."""


async def register(bot: Bot, menus: Menus) -> None:
    """Set the menus that are not as they should be. What fails is logged: the bot understands the commands anyway."""
    try:
        for language, commands in menus.items():
            if len(language) not in (0, 2):
                continue
            wanted = [BotCommand(name, text) for name, text in commands.items()]
            among = [command for command in wanted if command.command not in ALONE]
            await _set(bot, wanted, BotCommandScopeAllPrivateChats(), language)
            await _set(bot, among, BotCommandScopeAllGroupChats(), language)
    except TelegramError as error:
        log.warning("telegram.commands_not_registered", error=error.message)


async def _set(bot: Bot, commands: list[BotCommand], scope: BotCommandScope, language: str) -> None:
    if list(await bot.get_my_commands(scope, language)) != commands:
        await bot.set_my_commands(commands, scope, language)
