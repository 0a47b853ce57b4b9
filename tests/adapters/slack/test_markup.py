"""What people write comes as plain words, with names in the place of ids."""

import pytest

from adapters.slack.markup import mentioned, readable, without

NAMES = {"U1": "Ann <Lee>", "U2": "Ben"}
READ = [
    ("plain", "plain"),
    ("  padded \n", "padded"),
    ("a &lt;b&gt; &amp; c", "a <b> & c"),
    ("&amp;lt;", "&lt;"),
    ("hi <@U1> and <@U2|benny>", "hi @Ann <Lee> and @Ben"),
    ("hi <@U9>", "hi @U9"),
    ("hi <@U9|carl>", "hi @carl"),
    ("in <#C1|general> or <#C2> or <#C3|>", "in #general or #C2 or #C3"),
    ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
    ("<!subteam^S1|@ops> <!subteam^S2>", "@ops subteam^S2"),
    ("<!date^1392734382^{date}|18 Feb 2014>", "18 Feb 2014"),
    ("<https://a.example/?x=1&amp;y=2>", "https://a.example/?x=1&y=2"),
    ("<http://a.example|a.example>", "a.example"),
    ("<https://a.example/report|the &amp; report>", "the & report (https://a.example/report)"),
    ("<mailto:ann@a.example|ann@a.example>", "ann@a.example"),
    ("<not closed &lt;@U1&gt; <>", "<not closed <@U1> <>"),
    ("a\0b\ud83d", "ab?"),
]


@pytest.mark.parametrize(("written", "read"), READ)
def test_markup_becomes_words(written: str, read: str) -> None:
    assert readable(written, NAMES) == read


def test_a_name_is_not_read_as_markup() -> None:
    assert readable("<@U1> &lt;", {"U1": "<@U2> &amp;"}) == "@<@U2> &amp; <"


def test_who_is_mentioned() -> None:
    assert mentioned("<@U1> <@U2|ben> <#C1> <!here> &lt;@U3&gt; <@U1>") == {"U1", "U2"}


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("<@B> list", "list"),
        ("<@B>, list", "list"),
        ("<@B|apprentice>: list", "list"),
        ("list <@B> now", "list now"),
        ("list, <@B>", "list, "),
        ("<@B> <@B> ask <@U1>", "ask <@U1>"),
        ("<@B>", ""),
        ("<@B2> list", "<@B2> list"),
    ],
)
def test_the_bots_mention_is_taken_out(written: str, left: str) -> None:
    assert without(written, "B") == left
