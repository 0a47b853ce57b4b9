"""The demo's model, asked through the real client, over the real sample workspace, with tools made by hand."""

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import pytest
from openai import AsyncOpenAI

from bot.demo.model import DemoModel
from bot.demo.sample import FINAL, WARM_UP, WORKSPACE
from bot.domain.json import JSON

OPEN_OF_HUGO = "Hugo Martin: 2 of 4 orders still open: 1018 (packed, 26.00), 1024 (awaiting stock, 23.60)."


@dataclass(frozen=True)
class HandMade:
    """A tool: what the model is shown, and what a call gives."""

    shown: JSON
    run: Callable[..., str]


def hand_made(tool: str, description: str, run: Callable[..., str], **parameters: JSON) -> HandMade:
    schema = {"type": "object", "properties": parameters, "required": list(parameters)}
    function: JSON = {"name": tool, "description": description, "parameters": schema}
    return HandMade({"type": "function", "function": function}, run)


def read(path: str) -> str:
    file = WORKSPACE / path
    return file.read_text() if file.is_file() else f"Error: there is no file {path}."


def search(query: str) -> str:
    files = (file for file in sorted(WORKSPACE.rglob("*.*")) if query.lower() in file.read_text().lower())
    return json.dumps([{"path": str(file.relative_to(WORKSPACE)), "line": 1} for file in files])


def names(path: str) -> str:
    return json.dumps([f"{path}/{file.name}" for file in sorted((WORKSPACE / path).iterdir())])


FILES = (
    hand_made("read_file", "Reads a file, for example an order that is open.", read, path={"type": "string"}),
    hand_made("search_files", "Finds text in files.", search, query={"type": "string"}),
    hand_made("list_files", "Lists a folder.", names, path={"type": "string"}),
    hand_made("show_skill", "Shows what one skill does.", str, name={"type": "string"}),
)


def learned(name: str, parameter: str, result: Callable[[JSON, list[JSON]], JSON]) -> HandMade:
    """A tool as the miner would make it: the customer and each order in one go."""

    def run(**arguments: str) -> str:
        if not (WORKSPACE / f"customers/{arguments[parameter]}.json").is_file():
            return f"Error: step 1 failed: there is no customer {arguments[parameter]}."
        customer = json.loads(read(f"customers/{arguments[parameter]}.json"))
        return json.dumps(result(customer, [json.loads(read(f"orders/{order}.json")) for order in customer["orders"]]))

    description = "Reads a customer file and each of its orders. Use when somebody asks what is open."
    return hand_made(name, description, run, **{parameter: {"type": "string", "description": "Stands in the path."}})


@pytest.fixture
async def client() -> AsyncIterator[AsyncOpenAI]:
    async with DemoModel() as model, AsyncOpenAI(base_url=model.base_url, api_key="any", max_retries=0) as client:
        yield client


async def ask(client: AsyncOpenAI, request: str, *tools: HandMade) -> tuple[str, list[tuple[str, Mapping[str, JSON]]]]:
    """Ask, carry out the calls until the model answers, and give its text and the calls it made."""
    messages: list[JSON] = [
        {"role": "system", "content": "You help."},
        {"role": "user", "content": "Which orders of ana-silva are still open?"},
        {"role": "assistant", "content": "None."},
        {"role": "user", "content": request},
    ]
    calls: list[tuple[str, Mapping[str, JSON]]] = []
    by_name = {tool.shown["function"]["name"]: tool for tool in tools}
    while True:
        answer = await client.chat.completions.create(
            model="demo", messages=messages, tools=[tool.shown for tool in tools]
        )
        assert answer.usage
        assert answer.usage.prompt_tokens > 0
        assert answer.usage.completion_tokens > 0
        message = answer.choices[0].message
        messages.append(message.model_dump(exclude_none=True))
        if not message.tool_calls:
            assert message.content
            return message.content, calls
        for call in message.tool_calls:
            assert call.type == "function"
            name, arguments = call.function.name, json.loads(call.function.arguments)
            calls.append((name, arguments))
            content = by_name[name].run(**arguments)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": content})


async def test_reads_the_customer_and_then_each_order_when_it_has_only_file_tools(client: AsyncOpenAI) -> None:
    text, calls = await ask(client, FINAL, *FILES)
    paths = ["customers/hugo-martin.json", *(f"orders/{n}.json" for n in (1005, 1010, 1018, 1024))]
    assert calls == [("read_file", {"path": path}) for path in paths]
    assert text == OPEN_OF_HUGO


@pytest.mark.parametrize(
    "tool",
    [
        learned("skill_customer_orders", "customer", lambda customer, orders: {"read": customer, "orders": orders}),
        learned("skill_x7", "p", lambda customer, orders: {"result": [{"s2": orders}, {"s1": customer}]}),
    ],
)
async def test_one_call_of_a_learned_tool_of_any_name_gives_the_same_answer(
    client: AsyncOpenAI, tool: HandMade
) -> None:
    text, calls = await ask(client, FINAL, *FILES, tool)
    (parameter,) = tool.shown["function"]["parameters"]["properties"]
    assert calls == [(tool.shown["function"]["name"], {parameter: "hugo-martin"})]
    assert text == OPEN_OF_HUGO


async def test_reads_by_hand_what_a_learned_tool_leaves_out(client: AsyncOpenAI) -> None:
    tool = learned("skill_orders", "customer", lambda customer, orders: orders[:3])
    text, calls = await ask(client, FINAL, tool, *FILES)
    assert [name for name, _ in calls] == ["skill_orders", "read_file", "read_file"]
    assert text == OPEN_OF_HUGO


async def test_goes_on_from_what_a_failed_learned_tool_hands_back(client: AsyncOpenAI) -> None:
    customer = read("customers/hugo-martin.json")
    tool = hand_made(
        "skill_orders", "Reads orders.", lambda who: f'Error: {{"done": {{"s1": {customer}}}}}', who={"type": "string"}
    )
    text, calls = await ask(client, FINAL, tool, *FILES)
    assert [name for name, _ in calls] == ["skill_orders", *["read_file"] * 4]
    assert text == OPEN_OF_HUGO


async def test_a_failed_learned_tool_is_not_tried_again(client: AsyncOpenAI) -> None:
    tool = learned("skill_orders", "customer", lambda customer, orders: orders)
    text, calls = await ask(client, "Which orders of no-body are still open?", tool, *FILES)
    assert [name for name, _ in calls] == ["skill_orders", "read_file"]
    assert text == "I found no customer no-body."


async def test_a_tool_that_the_request_cannot_fill_or_that_speaks_of_other_things_is_left_alone(
    client: AsyncOpenAI,
) -> None:
    other = hand_made("skill_kiln", "Says when the kiln runs.", str, day={"type": "string"})
    two = hand_made("skill_compare", "Compares open orders.", str, a={"type": "string"}, b={"type": "string"})
    none = hand_made("skill_open_orders", "Counts all open orders.", str)
    _, calls = await ask(client, FINAL, other, two, none, *FILES)
    assert {name for name, _ in calls} == {"read_file"}


async def test_every_request_of_the_demo_is_answered_from_the_files(client: AsyncOpenAI) -> None:
    asked = [(request, *await ask(client, request, *FILES)) for request in WARM_UP]
    used = [[name for name, _ in calls] for _, _, calls in asked]
    repeating = [request for request, names in zip(WARM_UP, used, strict=True) if "read_file" in names]
    assert len(repeating) == 6
    assert all("orders still open: " in text for request, text, _ in asked if request in repeating)
    assert [names for names in used if "read_file" not in names] == [["search_files"], ["list_files"], ["search_files"]]
    assert [text for request, text, _ in asked if request not in repeating] == [
        "I looked and found: notes/autumn-market.md, policies/shipping.md.",
        "I looked and found: policies/returns.md, policies/shipping.md.",
        "I looked and found: notes/workshop.md, orders/1012.json, policies/returns.md.",
    ]
    assert not any("hugo-martin" in request for request in WARM_UP)


@pytest.mark.parametrize("request_text", ["Good morning!", "Which orders are still open?", "Who is ana-silva?", ""])
async def test_what_it_does_not_understand_gets_a_plain_sentence(client: AsyncOpenAI, request_text: str) -> None:
    text, calls = await ask(client, request_text, *FILES)
    assert not calls
    assert re.fullmatch(r"I am the demo's small model\..+\.", text)


async def test_without_tools_it_says_what_it_could_do(client: AsyncOpenAI) -> None:
    text, _ = await ask(client, FINAL)
    assert text.startswith("I am the demo's small model.")


def test_the_workspace_hangs_together() -> None:
    orders = {file.stem: json.loads(file.read_text()) for file in (WORKSPACE / "orders").iterdir()}
    customers = {file.stem: json.loads(file.read_text()) for file in (WORKSPACE / "customers").iterdir()}
    assert {number: order["id"] for number, order in orders.items()} == {number: number for number in orders}
    assert {order["id"]: order["customer"] for order in orders.values()} == {
        number: customer["id"] for customer in customers.values() for number in customer["orders"]
    }


def test_importing_the_package_loads_no_server() -> None:
    code = "import sys, bot.demo, bot.demo.sample; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 (our interpreter)
