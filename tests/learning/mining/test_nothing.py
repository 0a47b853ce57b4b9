"""Question answering: the same few tools, other words each time. The right number of skills is none."""

from random import Random

import pytest

from bot.learning.mining import mine
from tests.learning.workplaces import Desk, Work, token, traces_of


def named(random: Random) -> str:
    """The name of a thing, as encyclopedias have them."""
    return " ".join(token(random).capitalize() for _ in range(random.randint(1, 3)))


def hops(desk: Desk, random: Random) -> None:
    """Each question is made of what the last answer, a text, mentions."""
    thing = named(random)
    desk.say(f"Where was the founder of {thing} born?")
    for _ in range(random.randint(2, 4)):
        other = named(random)
        desk.call("search", f"{thing} was founded by {other} in {random.randint(1800, 2000)}.", query=thing)
        thing = other
    if random.random() < 0.8:
        desk.call("finish", "ok", answer=thing)


def related(desk: Desk, random: Random) -> None:
    """Each question is one of the things that the last result lists."""
    thing = named(random)
    desk.say(f"What has {thing} to do with {named(random)}?")
    for _ in range(random.randint(2, 4)):
        others = [named(random) for _ in range(3)]
        desk.call("search", {"title": thing, "text": named(random), "related": others}, query=thing)
        thing = random.choice(others)


def opened(desk: Desk, random: Random) -> None:
    """Some of what was found is opened, often the first."""
    thing = named(random)
    desk.say(f"Who made {thing}?")
    for _ in range(random.randint(1, 3)):
        found = [named(random) for _ in range(random.randint(3, 5))]
        desk.call("search", {"results": [{"title": title} for title in found]}, query=f"{thing} {named(random)}")
        for title in found[:1] if random.random() < 0.7 else random.sample(found, random.randint(0, 2)):
            desk.call("open_page", {"text": named(random)}, title=title)


def counted(desk: Desk, random: Random) -> None:
    """Tables are listed, one is looked at, a query is written."""
    table, word = random.choice(["users", "orders", "items"]), named(random)
    desk.say(f"How many of the {table} are called {word}?")
    desk.call("list_tables", "users, orders, items")
    desk.call("get_schema", "CREATE TABLE ...", table=table)
    desk.call("query", [[random.randint(1, 99)]], query=f"count {table} where the name is {word}")


def reckoned(desk: Desk, random: Random) -> None:
    """Sums in which one result goes on into the next."""
    one, other = random.randint(1, 99), random.randint(1, 99)
    desk.say(f"Tom has {one} apples, buys {other} and triples them. How many has he?")
    desk.call("calculate", str(one + other), expression=f"{one}+{other}")
    desk.call("calculate", str(3 * (one + other)), expression=f"{one + other}*3")


@pytest.mark.parametrize("count", [3, 8, 40])
@pytest.mark.parametrize("work", [hops, related, opened, counted, reckoned])
def test_nothing_is_learned_from_questions(work: Work, count: int) -> None:
    for seed in range(5):
        report = mine(traces_of(work, Random(seed), count))
        assert report.skills == ()


def test_nothing_is_learned_from_all_of_them_together() -> None:
    works = (hops, related, opened, counted, reckoned)
    report = mine([trace for work in works for trace in traces_of(work, Random(1), 30)])
    assert report.skills == ()
    assert len(report.refused) > 5
