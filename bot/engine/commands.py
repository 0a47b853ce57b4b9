"""The commands people type, the same words everywhere."""

import re

from bot.words import say


def commands(language: str) -> dict[str, str]:
    """Every command and what it does, as `/help` and the platforms' menus say it in a language."""
    return {
        "help": say(language, "What I understand"),
        "skills": say(language, "The skills I have here, and how well they do"),
        "skill": say(language, "All about one skill: /skill NAME"),
        "learn": say(language, "Look for procedures that repeat, now; /learn on, /learn off"),
        "done": say(language, "This piece of work is finished"),
        "new": say(language, "Start afresh: I forget what was said above"),
        "memory": say(language, "What I was told to remember here, to see and to delete"),
        "reminders": say(language, "What is scheduled here, to see and to cancel"),
        "forget": say(language, "Delete this conversation; I ask first"),
        "stop": say(language, "Stop what I am doing here"),
        "status": say(language, "What I am doing here"),
        "start": say(language, "Say hello; /start CODE lets you in"),
    }


COMMANDS = commands("")
"""Them in English."""

ASIDE = frozenset(COMMANDS) - {"done", "new", "start"}
"""Commands that are answered while work runs; the others change what is said behind them, so they keep their place."""

_COMMAND = re.compile(r"/([a-z]+)(?=\s|$)")


def command_of(text: str) -> str | None:
    """The command that a message begins with, if it is one of ours."""
    match = _COMMAND.match(text.strip())
    return match[1] if match and match[1] in COMMANDS else None
