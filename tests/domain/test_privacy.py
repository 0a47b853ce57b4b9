"""What counts as a secret or a personal value, what does not, and how long the look takes."""

import json
import random
import string
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.json import JSON
from bot.domain.privacy import Privacy, asks_for_secret
from tests.growth import TIMES, grows_with_its_size

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nabc/def+1==\n-----END RSA PRIVATE KEY-----"
BASE64 = string.ascii_letters + string.digits + "+/"
CAPITALS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SAMPLES = 400


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("my token ghp_16C7e42F292c6912E7710c838347Ae178B4a, use it", "my token [secret], use it"),
        ("https://user:hunter22@host/x", "https://user:[secret]@host/x"),
        ("c3VwZXIgbG9uZyBzdHJpbmcgc2hvdWxkIGNhdXNlIGVub3VnaA", "[secret]"),
        (f"the key:\n{KEY} done", "the key:\n[secret] done"),
        (json.dumps({"key": KEY}), '{"key": "[secret]"}'),
        ('{"password": "correct horse"}', '{"password": "[secret]"}'),
        (r'{"arguments": "{\"api_key\": \"abcd\"}"}', r'{"arguments": "{\"api_key\": \"[secret]\"}"}'),
        ("DB_PASSWORD=hunter2!x", "DB_PASSWORD=[secret]"),
        ("my password is hunter2!", "my password is [secret]"),
        ("Mein Passwort ist geheim!23, das Kennwort: rosen99", "Mein Passwort ist [secret], das Kennwort: [secret]"),
        ("Das Passwort ist abgelaufen. Kennwort: siehe oben", "Das Passwort ist abgelaufen. Kennwort: siehe oben"),
        ("Authorization: Bearer abcdefghijklmnop1234", "Authorization: Bearer [secret]"),
        ("110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1 is the bot's", "[secret] is the bot's"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "[secret]"),
        ("AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "[secret]"),
        ("my-own-secret-value and more", "[secret] and more"),
        ("The password: please choose one.", "The password: please choose one."),
        ('{"password": "${parameters.word}"}', '{"password": "${parameters.word}"}'),
        ("https://api.example.com/v1/customers/", "https://api.example.com/v1/customers/"),
        (
            "src/components/UserProfile2/EditDialogForMembers.tsx",
            "src/components/UserProfile2/EditDialogForMembers.tsx",
        ),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    privacy = Privacy(own=("my-own-secret-value", "short"))
    assert privacy.masked(text) == masked
    assert privacy.masked(masked) == masked


@pytest.mark.parametrize(
    "begins",
    [
        "AIza",
        "ya29.",
        "hvs.",
        "pypi-AgE",
        "AGE-SECRET-KEY-1",
        "dop_v1_",
        "gsk_",
        "hf_",
        "r8_",
        "shpat_",
        "whsec_",
        "xai-",
    ],
)
def test_tokens_of_known_beginnings_are_not_stored(begins: str) -> None:
    assert Privacy().kept(f"with {begins}a1B2c3D4e5F6g7H8i9J0k, please") == "with [secret], please"
    assert Privacy().kept(f"with {begins}, please") == f"with {begins}, please"


@pytest.mark.parametrize(
    ("text", "kind", "anonymous"),
    [
        ("write to ana@example.org", "an e-mail address", "write to [e-mail address 1]"),
        ("call +49 30 1234567 or 030 1234567", "a phone number", "call [phone number 1] or [phone number 2]"),
        ("(555) 123-4567", "a phone number", "[phone number 1]"),
        ("4111 1111 1111 1111", "a card number", "[card number 1]"),
        ("to DE89 3704 0044 0532 0130 00.", "an account number", "to [account number 1]."),
        ("078-05-1120", "a social security number", "[social security number 1]"),
        (
            "Ann Lee owes ann lee 3; Ann pays",
            "a person's name",
            "[person's name 1] owes [person's name 1] 3; [person's name 2] pays",
        ),
        ("tell Zoë", "a person's name", "tell [person's name 1]"),
    ],
)
def test_personal_values_are_told_and_masked_alike(text: str, kind: str, anonymous: str) -> None:
    privacy = Privacy(names=("Ann Lee", "Zoë", "Al"))
    assert privacy.trouble(text) == kind
    assert privacy.anonymous(text) == anonymous


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "GB81 WEST 1234 5698 7654 32",
        "an annex to the Anna file; Al is too short a name to tell",
        "open orders of customers/",
        "#builds",
        "docs/HowToMigrateBackupJobsFromVersion12/KnownQuirks",
        "since 2024-05-01 12:30, 01/02/2024, 01.02.2024 and 12:30:45.123456",
    ],
)
def test_what_only_looks_like_it_is_none(text: str) -> None:
    assert Privacy(names=("Ann Lee", "Al")).trouble(text) is None


def _digits(count: int) -> Callable[[random.Random], str]:
    return lambda dice: "".join(dice.choices(string.digits, k=count))


IDS: dict[str, Callable[[random.Random], str]] = {
    "order": lambda dice: f"#W{dice.randrange(10**6, 10**7)}",
    "invoice": lambda dice: f"AP{dice.randrange(10**9, 10**10)}",
    "parcel": lambda dice: f"1Z{''.join(dice.choices(CAPITALS, k=16))}",
    "shop's order": lambda dice: (
        f"{dice.randrange(100, 999)}-{dice.randrange(10**6, 10**7)}-{dice.randrange(10**6, 10**7)}"
    ),
    "article": lambda dice: f"{dice.randrange(100, 999)}-{dice.randrange(1000, 9999)}-{dice.randrange(100, 999)}",
    "uuid": lambda dice: str(uuid.UUID(int=dice.getrandbits(128))),
    "ulid": lambda dice: "".join(dice.choices(CAPITALS, k=26)),
    "commit": lambda dice: f"{dice.getrandbits(160):040x}",
    "digest": lambda dice: f"{dice.getrandbits(256):064x}",
    "ten digits": _digits(10),
    "twelve digits": _digits(12),
    "milliseconds": lambda dice: str(dice.randrange(17 * 10**11, 18 * 10**11)),
    "Slack time": lambda dice: f"{dice.randrange(17 * 10**8, 18 * 10**8)}.{dice.randrange(10**5, 10**6)}",
    "address": lambda dice: ".".join(str(dice.randrange(1, 255)) for _ in range(4)),
}


@pytest.mark.parametrize("kind", IDS)
def test_ids_are_no_secrets(kind: str) -> None:
    dice = random.Random(kind)
    ids = [IDS[kind](dice) for _ in range(SAMPLES)]
    assert [id for id in ids if Privacy().trouble(f"Order {id} is open.")] == []


def test_one_in_ten_numbers_as_long_as_a_cards_looks_like_one() -> None:
    dice = random.Random(7)
    found = sum(Privacy().trouble(_digits(16)(dice)) == "a card number" for _ in range(SAMPLES))
    assert 0.02 < found / SAMPLES < 0.1


@pytest.mark.parametrize("length", [32, 40, 64])
def test_random_words_are_secrets(length: int) -> None:
    dice = random.Random(length)
    words = ["".join(dice.choices(BASE64, k=length)) for _ in range(SAMPLES)]
    assert sum(Privacy().trouble(f"use {word} here") is not None for word in words) >= 0.94 * SAMPLES


HOSTILE = [
    "a",
    "a@",
    '"`',
    "password ",
    "eyJ",
    "-----BEGIN RSA PRIVATE KEY-----",
    "xoxb-1-",
    "+1 ",
    "aws key",
    "5 ",
    "://a:",
]


@pytest.mark.parametrize("part", HOSTILE)
def test_time_grows_with_the_text_and_not_with_its_square(part: str) -> None:
    privacy = Privacy(own=("my-own-secret-value",), names=("Ann Lee",))
    privacy.anonymous("the library is loaded")
    small, large = (part * (size // len(part)) for size in (64_000, 64_000 * TIMES))
    assert grows_with_its_size(lambda: privacy.anonymous(small), lambda: privacy.anonymous(large))


def test_json_keeps_its_shape() -> None:
    told = {"user": "ann", "password": "plain", "list": ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", 7, None]}
    assert Privacy().masked_in(told) == {"user": "ann", "password": "[secret]", "list": ["[secret]", 7, None]}


@given(st.text(), st.lists(st.text(min_size=6), max_size=2), st.lists(st.text(), max_size=2))
def test_any_text_is_taken_and_no_own_secret_stays(text: str, own: list[str], names: list[str]) -> None:
    privacy = Privacy(tuple(own), tuple(names))
    masked = privacy.masked(f"{text} {' '.join(own)}")
    privacy.anonymous(text)
    assert not any(value in masked for value in own if value.strip() and "[secret]".find(value) < 0)


@pytest.mark.parametrize(
    ("name", "asks"),
    [("password", True), ("apiKey", True), ("access_token", True), ("page_token", False), ("key", False)],
)
def test_fields_that_ask_for_secrets(name: str, asks: bool) -> None:
    assert asks_for_secret(name) is asks


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["hi", "key", KEY, "password: hunter2!", "x\n"])
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "note", "password"]), inner),
)


@given(st.lists(st.text() | st.sampled_from([KEY, "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "password: hunter2!"])))
def test_in_a_list_each_text_is_masked_as_it_would_be_alone(texts: list[str]) -> None:
    privacy = Privacy(("my-own-secret-value",))
    texts = [text for text in texts if not text.startswith("{")]
    assert privacy.kept_in(texts) == [privacy.kept(text) for text in texts]


@given(JSON_VALUES)
def test_what_was_masked_once_stays_as_it_is(value: JSON) -> None:
    privacy = Privacy()
    kept = privacy.kept_in(value)
    assert privacy.kept_in(kept) == kept
    arguments = json.dumps({"value": value})
    assert isinstance(json.loads(privacy.kept_in([arguments])[0]), dict)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"password": 123456, "ok": True}, {"password": "[secret]", "ok": True}),
        ({"password": True, "token": None}, {"password": True, "token": None}),
        ('{"password": 123456}', '{"password": "[secret]"}'),
        ('{"text": "a\\nsk-proj-4f9aT3xQ7LmPz0Wv8"}', '{"text": "a\\n[secret]"}'),
        ({"schön-und-geheim": 1}, {"[secret]": 1}),
        ('{"a": "sch\\u00f6n-und-geheim"}', '{"a": "[secret]"}'),
        ("c3VwZXIgbG9uZyBzdHJpbmcgc2hvdWxkIGNhdXNlIGVub3VnaA", "c3VwZXIgbG9uZyBzdHJpbmcgc2hvdWxkIGNhdXNlIGVub3VnaA"),
        ("password = get_pass_word(1)", "password = get_pass_word(1)"),
        ("password = os.environ['X']", "password = os.environ['X']"),
        ("risk-management-for-2024-beginners", "risk-management-for-2024-beginners"),
    ],
)
def test_what_is_kept(value: JSON, kept: JSON) -> None:
    assert Privacy(("my-own-secret-value", "schön-und-geheim")).kept_in(value) == kept


def test_what_stands_for_a_secret_is_trouble() -> None:
    assert Privacy().trouble("log in with [secret]") == "a secret (masked)"
