"""Simulated workplaces: traces of people's requests and an agent's calls, whose true procedures are known."""

import json
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from bot.domain.json import JSON
from bot.domain.trace import Outcome, Trace

VERIFIED = Outcome("success", "verifier")
FIRST = (
    "Ana",
    "Ben",
    "Chen",
    "Dana",
    "Emil",
    "Fatima",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kira",
    "Liam",
    "Mei",
    "Noor",
)
LAST = ("Silva", "Okoro", "Wei", "Levi", "Novak", "Haddad", "Lund", "Martin", "Costa", "Berg", "Sato", "Khan", "Diaz")
TOPICS = (
    "harbours",
    "looms",
    "comets",
    "glass",
    "rice",
    "violins",
    "maps",
    "bridges",
    "owls",
    "tides",
    "salt",
    "kites",
)


@dataclass
class Desk:
    """Writes one trace: what the person says, what the agent calls, what comes back."""

    id: str
    task: str = ""
    scope: str = "local"
    person: str = ""
    outcome: Outcome = VERIFIED
    tools: tuple[JSON, ...] = ()
    messages: list[JSON] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.messages.append({"role": "user", "content": text})

    def call(self, tool: str, result: JSON, /, failed: bool = False, **arguments: JSON) -> JSON:
        """One call; the result comes back as a tool would send it: text as it is, anything else as JSON."""
        return self.together([(tool, arguments, result)], failed=failed)[0]

    def together(self, calls: Sequence[tuple[str, dict[str, JSON], JSON]], failed: bool = False) -> list[JSON]:
        """Several calls of one message."""
        start = len(self.messages)
        made = [
            {"id": f"call_{start}_{n}", "type": "function", "function": {"name": tool, "arguments": json.dumps(given)}}
            for n, (tool, given, _) in enumerate(calls)
        ]
        self.messages.append({"role": "assistant", "content": None, "tool_calls": made})
        for n, (_, _, result) in enumerate(calls):
            content = result if isinstance(result, str) else json.dumps(result)
            answer = {"role": "tool", "tool_call_id": f"call_{start}_{n}", "content": content}
            self.messages.append({**answer, "is_error": True} if failed else answer)
        return [result for _, _, result in calls]

    def trace(self) -> Trace:
        return Trace(
            self.id, self.task or self.id, self.scope, tuple(self.messages), self.tools, self.outcome, self.person
        )


def token(random: Random, size: int = 8) -> str:
    """An id as systems make them."""
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=size - 2)) + str(random.randrange(10, 99))


def name(random: Random) -> tuple[str, str]:
    return random.choice(FIRST), random.choice(LAST)


def shop(desk: Desk, random: Random) -> None:
    """Find a customer by e-mail, read the customer, read each order (a loop); the results of one tool are wrapped."""
    first, last = name(random)
    email = f"{first}.{last}.{random.randrange(1000, 9999)}@example.com".lower()
    customer, orders = (
        f"cus_{token(random)}",
        [f"#{random.randrange(10**6, 10**7)}" for _ in range(random.randint(1, 4))],
    )
    desk.say(f"Hi, I am {first}, {email}. What happened to my orders?")
    desk.call("find_customer_by_email", customer, email=email)
    record = {"name": f"{first} {last}", "orders": orders, "tier": random.choice(["gold", "basic"])}
    desk.call("get_customer", {"result": json.dumps(record)}, customer_id=customer)
    for order in orders:
        state = {"order": order, "status": random.choice(["open", "sent"]), "lines": random.randint(1, 9)}
        desk.call("get_order", {"result": state}, order_id=order)


def files(desk: Desk, random: Random) -> None:
    """Read a customer's file, then the file of each order: one tool, composed paths, a loop of composed paths."""
    first, last = name(random)
    customer = f"{first}-{last}-{random.randrange(100, 999)}".lower()
    orders = [str(random.randrange(1000, 9999)) for _ in range(random.randint(2, 4))]
    desk.say(f"Which orders of {customer} are still open?")
    desk.call("read_file", {"id": customer, "orders": orders}, path=f"customers/{customer}.json")
    for order in orders:
        desk.call("read_file", {"id": order, "status": "open"}, path=f"orders/{order}.json")


def tickets(desk: Desk, random: Random) -> None:
    """List a team's open tickets (a constant), read each one's customer by a field of the element."""
    team = f"team-{token(random, 5)}"
    found = [
        {"id": random.randrange(10**5, 10**6), "customer": f"c-{token(random)}"} for _ in range(random.randint(2, 5))
    ]
    desk.say(f"What is waiting for {team}?")
    desk.call("desk__list_tickets", {"tickets": found}, team=team, status="open", limit=50)
    for ticket in found:
        desk.call("desk__get_customer", {"plan": random.choice("ABC")}, customer=ticket["customer"], full=True)


def build(desk: Desk, random: Random) -> None:
    """Read a branch's last build and its log, then post to a fixed channel a text around the build's number."""
    branch, number = f"feature/{token(random, 6)}", random.randrange(10**4, 10**5)
    desk.say(f"Tell the others why {branch} is red, please.")
    made = {"build": {"number": number, "log_url": f"https://ci.example.com/logs/{token(random)}"}, "state": "red"}
    desk.call("ci__get_last_build", made, branch=branch)
    desk.call("ci__read_log", "step 4 failed", url=made["build"]["log_url"])
    desk.call("chat__post_message", {"ok": True}, channel="#builds", text=f"Build {number} is red")


def question(desk: Desk, random: Random) -> None:
    """Search and look up with words of the agent's own: nothing in it repeats but the names of the tools."""
    topic = random.choice(TOPICS)
    desk.say(f"How old are the oldest {topic} of {random.choice(LAST)}?")
    for _ in range(random.randint(1, 4)):
        hits = [{"title": f"{random.choice(TOPICS)} {token(random, 5)}", "score": random.random()} for _ in range(5)]
        desk.call("search", {"hits": hits}, query=f"{topic} {random.choice(TOPICS)} {token(random, 4)}")
        if random.random() < 0.7:
            desk.call("lookup", f"{token(random, 30)} of {topic}", term=random.choice(TOPICS))


def noise(desk: Desk, random: Random) -> None:
    """Random calls with random arguments."""
    desk.say(f"Do something about {random.choice(TOPICS)}.")
    for _ in range(random.randint(2, 9)):
        result = {"id": token(random), "items": [token(random) for _ in range(3)], "count": random.randrange(9)}
        tool = f"{random.choice(['get', 'list', 'search', 'update'])}_{random.choice(TOPICS)}"
        desk.call(tool, result, id=token(random), page=random.randrange(4), mode=random.choice(["a", "b", "c"]))


Work = Callable[[Desk, Random], None]


def traces_of(work: Work, random: Random, count: int, prefix: str = "") -> list[Trace]:
    """That many traces of one kind of work, each a task of its own."""
    made = []
    for number in range(count):
        desk = Desk(f"{prefix or work.__name__}-{number}", person=f"local:{number % 7}")
        work(desk, random)
        made.append(desk.trace())
    return made


def everyday(random: Random, tasks: int) -> list[Trace]:
    """A mixture of all kinds of work, a third of it repeating nothing."""
    kinds = (shop, files, tickets, build, question, noise)
    mixed = [trace for work in kinds for trace in traces_of(work, random, tasks // len(kinds))]
    random.shuffle(mixed)
    return mixed
