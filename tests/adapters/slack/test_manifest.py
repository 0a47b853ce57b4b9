"""The manifests ask for what the code uses, and for nothing else."""

import ast
from importlib.resources import files
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import adapters.slack
from adapters.slack import events, home, membership, pane
from bot.domain.json import JSON

CHANNELS = {"channels:read", "groups:read"}
HISTORY = {"channels:history", "groups:history", "im:history", "mpim:history"}
METHODS = {
    "auth_test": set(),
    "apps_connections_open": set(),
    "assistant_threads_setStatus": {"chat:write"},
    "assistant_threads_setSuggestedPrompts": {"assistant:write"},
    "assistant_threads_setTitle": {"assistant:write"},
    "chat_appendStream": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_startStream": {"chat:write"},
    "chat_stopStream": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": HISTORY,
    "conversations_members": CHANNELS,
    "conversations_replies": HISTORY,
    "files_completeUploadExternal": {"files:write"},
    "files_getUploadURLExternal": {"files:write"},
    "files_info": {"files:read"},
    "reactions_add": {"reactions:write"},
    "users_info": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
}
"""The scopes that a bot token needs (docs.slack.dev/reference/methods); the app-level token has one of its own."""
EVENTS = {
    "agent_session_stopped": {"chat:write"},
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "app_uninstalled": set(),
    "assistant_thread_context_changed": {"assistant:write"},
    "assistant_thread_started": {"assistant:write"},
    "channel_archive": {"channels:read"},
    "channel_id_changed": CHANNELS,
    "channel_left": {"channels:read"},
    "channel_unarchive": {"channels:read"},
    "group_archive": {"groups:read"},
    "group_left": {"groups:read"},
    "group_unarchive": {"groups:read"},
    "member_joined_channel": CHANNELS,
    "member_left_channel": CHANNELS,
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "reaction_added": {"reactions:read"},
    "reaction_removed": {"reactions:read"},
    "tokens_revoked": set(),
}
"""The scopes that each event needs (docs.slack.dev/reference/events)."""
VIEWS = {
    "manifest.yaml": ("assistant", {pane.THREAD_OPENED, pane.CONTEXT_CHANGED}),
    "manifest-agent.yaml": ("agent", set[str]()),
}
"""Each manifest's view, and the events of that alone."""


@pytest.fixture(params=VIEWS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def manifest(name: str) -> JSON:
    return YAML(typ="safe").load((files(adapters.slack) / name).read_text())


def methods_called() -> set[str]:
    """The Web API's methods in the code: what is called on a client."""
    trees = [ast.parse(path.read_text()) for path in Path(adapters.slack.__path__[0]).glob("*.py")]
    calls = [node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Attribute) and call.value.attr == "_client"
    }


def used_events(name: str) -> set[str]:
    said = {events.MENTION, events.STOPPED, home.OPENED, *events.MESSAGES.values(), *events.REACTIONS}
    return said | membership.EVENTS | VIEWS[name][1]


def test_the_methods_are_found_in_the_code() -> None:
    assert methods_called() == METHODS.keys()


def test_events(name: str, manifest: JSON) -> None:
    asked = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert asked == sorted(used_events(name))


def test_scopes(name: str, manifest: JSON) -> None:
    needed = {"commands"}.union(*(EVENTS[event] for event in used_events(name)))
    needed = needed.union(*(METHODS[method] for method in methods_called()))
    assert manifest["oauth_config"]["scopes"]["bot"] == sorted(needed)


def test_the_command_clicks_and_direct_messages_are_switched_on(manifest: JSON) -> None:
    assert [command["command"] for command in manifest["features"]["slash_commands"]] == [events.COMMAND]
    assert manifest["settings"]["interactivity"]["is_enabled"]
    assert manifest["settings"]["socket_mode_enabled"]
    assert manifest["features"]["app_home"]["home_tab_enabled"]
    assert manifest["features"]["app_home"]["messages_tab_enabled"]
    assert not manifest["features"]["app_home"]["messages_tab_read_only_enabled"]


def test_the_view_says_what_the_bot_does_and_suggests_what_the_pane_does(name: str, manifest: JSON) -> None:
    kind = VIEWS[name][0]
    view = manifest["features"][f"{kind}_view"]
    assert 20 < len(view[f"{kind}_description"]) <= 300
    assert [(prompt["title"], prompt["message"]) for prompt in view["suggested_prompts"]] == list(pane.PROMPTS)


def test_the_manifests_differ_in_their_view_alone() -> None:
    both = [YAML(typ="safe").load((files(adapters.slack) / name).read_text()) for name in VIEWS]
    for manifest, (kind, own) in zip(both, VIEWS.values(), strict=True):
        del manifest["features"][f"{kind}_view"]
        subscribed = manifest["settings"]["event_subscriptions"]["bot_events"]
        subscribed[:] = [event for event in subscribed if event not in own]
    assert both[0] == both[1]
