"""The commands people type, the same words everywhere."""

import re

COMMANDS = {
    "help": "What I understand",
    "skills": "The skills I have here, and how well they do",
    "skill": "All about one skill: /skill NAME",
    "learn": "Look for procedures that repeat, now; /learn on, /learn off",
    "done": "This piece of work is finished",
    "new": "Start afresh: I forget what was said above",
    "stop": "Stop what I am doing here",
    "status": "What I am doing here",
    "start": "Say hello; /start CODE lets you in",
}
"""Every command and what it does, as `/help` and the platforms' menus say it."""

ASIDE = frozenset(COMMANDS) - {"done", "new", "start"}
"""Commands that are answered while work runs; the others change what is said behind them, so they keep their place."""

_COMMAND = re.compile(r"/([a-z]+)(?=\s|$)")


def command_of(text: str) -> str | None:
    """The command that a message begins with, if it is one of ours."""
    match = _COMMAND.match(text.strip())
    return match[1] if match and match[1] in COMMANDS else None
