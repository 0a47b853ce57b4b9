"""What Slack's settings lack or have wrong is said before anything starts."""

import pytest

from bot.errors import ConfigError
from bot.settings import load

BOT, APP, SECRET = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (BOT, APP, SECRET, "SLACK_LISTEN", "SLACK_API_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({BOT: "xoxb-1"}, "SLACK_BOT_TOKEN needs SLACK_APP_TOKEN"),
        ({APP: "xapp-1"}, "need SLACK_BOT_TOKEN"),
        ({SECRET: "s"}, "need SLACK_BOT_TOKEN"),
        ({"SLACK_LISTEN": "3000"}, "SLACK_LISTEN: '3000' is no address"),
        ({"SLACK_LISTEN": "::1:99999"}, "SLACK_LISTEN: '::1:99999' is no address"),
        ({"SLACK_LISTEN": ":80"}, "SLACK_LISTEN: ':80' is no address"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=told):
        load()


@pytest.mark.parametrize("given", [(), (BOT, APP), (BOT, SECRET), (BOT, APP, SECRET)])
def test_what_suffices(given: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in given:
        monkeypatch.setenv(name, "xoxb-1")
    settings = load()
    assert (settings.slack_bot_token is None) == (not given)
    assert settings.slack_listen == ("127.0.0.1", 3000)


def test_where_to_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_LISTEN", " 0.0.0.0:8443 ")
    assert load().slack_listen == ("0.0.0.0", 8443)  # noqa: S104 - a setting like others
