"""`apprentice.toml`: what it may hold, and one sentence a mistake."""

from pathlib import Path

import pytest

from bot.apprentice_toml import Tables
from bot.domain.cost import Limit, Prices
from bot.domain.network import opening
from bot.errors import ConfigError
from bot.settings import load

WHOLE = """
[[verifiers]]
name = "tests pass"
tools = ["write_file"]
command = ["/usr/bin/python3", "-m", "pytest", "-q"]
seconds = 120

[[verifiers]]
name = "order cancelled"
tools = ["cancel_order"]
words = ["cancel", "call off"]
tool = "get_order"
with = { order_id = "${parameters.order_id}" }
expect = { schema = { properties = { status = { const = "cancelled" } }, required = ["status"] } }

[[verifiers]]
name = "report is whole"
words = ["report"]
output = "make_report"
expect = { schema = { type = "object", required = ["total"] } }

[http]
allow = ["intranet.example:8080", "10.1.0.0/16"]

[phrases]
thanks = ["danke", "merci"]
private = ["lern das nicht"]
"""


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def mistakes(text: str) -> list[str]:
    Path("apprentice.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load()
    return list(caught.value.problems)


def verifier(rest: str) -> list[str]:
    return mistakes(f'[[verifiers]]\nname = "a"\ntools = ["b"]\n{rest}')


def test_it_is_read_where_the_bot_is_started() -> None:
    assert load().tables == Tables()
    Path("apprentice.toml").write_text(WHOLE)
    tables = load().tables
    assert [found.name for found in tables.verifiers] == ["tests pass", "order cancelled", "report is whole"]
    tests, order, report = tables.verifiers
    assert (tests.command, tests.seconds) == (("/usr/bin/python3", "-m", "pytest", "-q"), 120)
    assert order.arguments == {"order_id": "${parameters.order_id}"}
    assert report.expect is not None
    assert report.expect.json_schema["required"] == ["total"]
    assert tables.phrases.thanks == ("danke", "merci")
    assert tables.http.allow == (opening("intranet.example:8080"), opening("10.1.0.0/16"))


def test_no_file_is_read_where_none_is_asked_for() -> None:
    Path("apprentice.toml").write_text("broken")
    assert load(tables=None).tables == Tables()


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        ("", "verifiers 1: give just one of command, output and tool."),
        ('command = ["c"]\noutput = "o"', "verifiers 1: give just one of command, output and tool."),
        ("command = []", "verifiers 1, command: tuple should have at least 1 item after validation, not 0."),
        ('output = "o"', "verifiers 1: output and tool need an expectation: expect = { schema = { … } }"),
        ('command = ["c"]\nexpect = { schema = {} }', "a command takes none."),
        ('command = ["c"]\nwith = { a = 1 }', "verifiers 1: arguments (with) go with tool alone."),
        ('command = ["c"]\nseconds = 0', "verifiers 1, seconds: input should be greater than 0."),
        ('command = ["c"]\nshell = true', "verifiers 1, shell: nothing of this name is known here."),
        ('output = "o"\nexpect = { schema = 1 }', "verifiers 1, expect, schema: input should be a valid dictionary."),
    ],
)
def test_a_mistake_is_a_sentence_with_its_place(rest: str, sentence: str) -> None:
    [told] = verifier(rest)
    assert told.startswith("apprentice.toml: ")
    assert sentence in told


def test_what_is_opened_to_the_web_tool_is_a_host_or_a_network() -> None:
    told = mistakes('[http]\nallow = ["intranet.example", "https://intranet.example", 5]')
    assert told == [
        "apprentice.toml: http, allow 2: 'https://intranet.example' is neither a host, as in intranet.example:8080, "
        "nor a network, as in 10.1.0.0/16.",
        "apprentice.toml: http, allow 3: 5 is no text.",
    ]


def test_every_mistake_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRENTICE_LEARN_AFTER", "often")
    told = mistakes('[[verifiers]]\nname = "a"\ncommand = ["c"]\n[[verifiers]]\n[phrases]\nhello = []\n[more]\n')
    assert [sentence.split(":")[0] for sentence in told] == ["APPRENTICE_LEARN_AFTER", *["apprentice.toml"] * 4]
    assert "verifiers 1: it matches nothing" in told[1]
    assert "verifiers 2, name: field required" in told[2]


def test_the_operators_words_are_kept_by_scope() -> None:
    Path("apprentice.toml").write_text('[house]\n"*" = "Be brief."\n"slack:T1/C9" = "Use metric units."\n')
    assert load().tables.house == {"*": "Be brief.", "slack:T1/C9": "Use metric units."}
    told = mistakes(f'[house]\n"slack T1" = "Hm"\n"telegram:7" = "{"x" * 4001}"\nlocal = ""\n')
    assert "names no chat: write *, telegram:42" in told[0]
    assert "house, telegram:7: string should have at most 4000 characters" in told[1]
    assert "house, local: string should have at least 1 character" in told[2]


@pytest.mark.parametrize("text", ["a = ", "\x00", 'a = "1"\na = "2"'])
def test_a_file_that_is_no_toml(text: str) -> None:
    [told] = mistakes(text)
    assert told.startswith("apprentice.toml cannot be read: ")


def test_two_verifiers_have_two_names() -> None:
    one = '[[verifiers]]\nname = "a"\ntools = ["b"]\ncommand = ["c"]\n'
    assert "the name 'a' stands twice" in mistakes(one + one)[0]


def test_every_secret_is_known_by_its_value() -> None:
    settings = load(OPENAI_API_KEY="sk-one", TELEGRAM_BOT_TOKEN="two", OPENAI_BASE_URL="https://model.test")
    assert sorted(settings.secrets) == ["sk-one", "two"]


def test_a_table_says_what_tools_may_do() -> None:
    rules = '[tools]\n"github__*" = "ask"\nsend_file = "deny"\n[tools."slack:T1/C9"]\n"*" = "allow"\n'
    Path("apprentice.toml").write_text(rules)
    policy = load().tables.tools.policy
    assert policy.of("send_file", "telegram:7", outside=False) == "deny"
    assert policy.of("github__create", "telegram:7", outside=False) == "ask"
    assert policy.of("send_file", "slack:T1/C9", outside=True) == "allow"


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('"a b" = "ask"', "tools, everywhere, a b: 'a b' names no tool: write its name, or how names begin with *"),
        ('"a*b" = "ask"', "'a*b' names no tool"),
        ('a = "maybe"', "tools, everywhere, a: input should be 'allow', 'ask' or 'deny'."),
        ("a = 3", "tools, everywhere, a: input should be 'allow', 'ask' or 'deny'."),
        ('skill_orders = "deny"', "'skill_orders' names skills, which people decide about in the chat"),
        ('[tools.here]\na = "ask"', "tools, chats, here: 'here' is no chat: write telegram:42, slack:T1, slack:T1/C9"),
        ('[tools."slack:T1"]\na = "no"', "tools, chats, slack:T1, a: input should be 'allow', 'ask' or 'deny'."),
    ],
)
def test_a_wrong_rule_is_a_sentence(rules: str, sentence: str) -> None:
    [told] = mistakes(f"[tools]\n{rules}\n")
    assert told.startswith("apprentice.toml: ")
    assert sentence in told


MONEY = """
[budgets]
day = { tokens = 1_000_000, money = 2.5 }
person = { tokens = 200_000 }
zone = "Europe/Berlin"
currency = "EUR"
[prices."gpt-5-mini"]
input = 0.25
output = 2.0
"""


def test_budgets_and_prices() -> None:
    Path("apprentice.toml").write_text(MONEY)
    granted = load().tables.granted
    assert (granted.day, granted.person, granted.cycle) == (Limit(1_000_000, 2.5), Limit(200_000), Limit())
    assert granted.prices == Prices("EUR", {"gpt-5-mini": (0.25, 2.0)})
    assert str(granted.zone) == "Europe/Berlin"


def test_money_is_limited_for_models_with_a_price_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRENTICE_LEARNING_MODEL", "wise")
    assert mistakes(MONEY + '[model]\nsecond = "small"\n') == [
        f"The budgets in apprentice.toml limit money, but {model} has no price there: add one, or limit tokens."
        for model in ("small", "wise")
    ]
    monkeypatch.setenv("APPRENTICE_MODEL", "unpriced")
    Path("apprentice.toml").write_text(MONEY.replace(", money = 2.5", ""))
    assert load().tables.granted.day == Limit(1_000_000)


def test_prices_need_a_word_for_the_money() -> None:
    [told] = mistakes(MONEY.replace('currency = "EUR"', ""))
    assert told == 'apprentice.toml: prices need a word for the money, as in budgets: currency = "EUR".'


def test_documents_lie_apart_from_what_not_everybody_may_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRENTICE_DOCUMENTS", "handbook, data/handbook")
    assert load().documents == (Path("handbook"), Path("data/handbook"))
    (Path("data") / "workspace" / "docs").mkdir(parents=True)
    Path("link").symlink_to("data/workspace")
    inside = ("data/workspace/docs", "skills/a", "link")
    for folder in (".", "data", "data/workspace", "skills", "handbook/../data", *inside):
        monkeypatch.setenv("APPRENTICE_DOCUMENTS", f"handbook,{folder}")
        with pytest.raises(ConfigError, match=r"^APPRENTICE_DOCUMENTS \(.*\) overlaps with the workspace"):
            load()
