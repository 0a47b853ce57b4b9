"""The manifest asks for what the code uses, and for nothing else."""

import ast
from importlib.resources import files
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import adapters.slack
from adapters.slack import events
from bot.domain.json import JSON

HISTORY = {"channels:history", "groups:history", "im:history", "mpim:history"}
METHODS = {
    "auth_test": set(),
    "apps_connections_open": set(),
    "assistant_threads_setStatus": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": HISTORY,
    "conversations_replies": HISTORY,
    "users_info": {"users:read"},
}
"""The scopes that a bot token needs (docs.slack.dev/reference/methods); the app-level token has one of its own."""
EVENTS = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
}
"""The scope that each event needs (docs.slack.dev/reference/events)."""


@pytest.fixture(scope="module")
def manifest() -> JSON:
    return YAML(typ="safe").load((files(adapters.slack) / "manifest.yaml").read_text())


def methods_called() -> set[str]:
    """The Web API's methods in the code: what is called on a client."""
    trees = [ast.parse(path.read_text()) for path in Path(adapters.slack.__path__[0]).glob("*.py")]
    calls = [node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Attribute) and call.value.attr == "_client"
    }


def used_events() -> set[str]:
    return {events.MENTION, *events.MESSAGES.values(), *events.REACTIONS}


def test_the_methods_are_found_in_the_code() -> None:
    assert methods_called() == METHODS.keys()


def test_events(manifest: JSON) -> None:
    asked = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert asked == sorted(used_events())


def test_scopes(manifest: JSON) -> None:
    needed = {"commands"} | {EVENTS[name] for name in used_events()}
    needed = needed.union(*(METHODS[name] for name in methods_called()))
    assert manifest["oauth_config"]["scopes"]["bot"] == sorted(needed)


def test_the_command_clicks_and_direct_messages_are_switched_on(manifest: JSON) -> None:
    assert [command["command"] for command in manifest["features"]["slash_commands"]] == [events.COMMAND]
    assert manifest["settings"]["interactivity"]["is_enabled"]
    assert manifest["settings"]["socket_mode_enabled"]
    assert manifest["features"]["app_home"]["messages_tab_enabled"]
    assert not manifest["features"]["app_home"]["messages_tab_read_only_enabled"]
