"""The operator reads a code, and a link with it once Telegram told the bot's name."""

import pytest

from bot.cli.pairing import Pairing

LINK = "https://t.me/apprentice_bot?start=c0de"


@pytest.mark.parametrize("name_first", [True, False])
def test_the_link_comes_with_what_was_missing(name_first: bool, capsys: pytest.CaptureFixture[str]) -> None:
    pairing = Pairing()
    steps = [lambda: pairing.announce("c0de"), lambda: pairing.met("apprentice_bot")]
    first, second = reversed(steps) if name_first else steps
    first()
    assert LINK not in capsys.readouterr().err
    second()
    told = capsys.readouterr()
    assert LINK in told.err
    assert told.out == ""


def test_the_same_name_tells_the_link_once(capsys: pytest.CaptureFixture[str]) -> None:
    pairing = Pairing()
    pairing.announce("c0de")
    pairing.met("apprentice_bot")
    pairing.met("apprentice_bot")
    assert capsys.readouterr().err.count(LINK) == 1


def test_a_new_code_has_a_link_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    pairing = Pairing()
    pairing.met("apprentice_bot")
    for code in ("one", "two"):
        pairing.announce(code)
        assert f"/start {code}\n" in (told := capsys.readouterr().err)
        assert f"?start={code}\n" in told
