"""A tool server of the protocol's first years, written on the wire, that lies: `python old_tool_server.py`.

It knows no `server/discover`, says what is no JSON, tells of changes by a notification, and its schemas are wrong.
"""

import json
import sys
from typing import Any

OBJECT: dict[str, Any] = {"type": "object"}
ENDLESS = {"type": "object", "properties": {"price": {"type": "string", "pattern": "^(1+)+$"}}}
"""Python's regular expressions take twice as long for each 1 more."""
tools: list[dict[str, Any]] = [
    {"name": "getPrice", "description": "A price", "inputSchema": OBJECT, "outputSchema": ENDLESS},
    {"name": "broken", "inputSchema": {"type": "object", "properties": {"a": {"type": "anything"}}}},
    {"name": "vast", "inputSchema": {"type": "object", "description": "x" * 30_000}},
    {"name": "knotted", "inputSchema": {"type": "object", "properties": {"a": {"pattern": "(" * 900 + ")" * 900}}}},
    {"name": "repeated", "inputSchema": {"type": "object", "properties": {"a": {"pattern": "a{99999999999}"}}}},
    {"name": "numberless", "inputSchema": {"type": "object", "properties": {"a": {"minimum": float("nan")}}}},
    {"name": "give_infinity", "inputSchema": OBJECT},
    {"name": "grow", "inputSchema": OBJECT},
]


def say(**message: Any) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def called(name: str) -> dict[str, Any]:
    if name == "grow":
        tools.append({"name": "grown", "inputSchema": OBJECT})
        say(method="notifications/tools/list_changed")
    price = {"give_infinity": float("inf"), "getPrice": "1" * 24 + " €"}.get(name)
    structured = {} if price is None else {"structuredContent": {"price": price}}
    return {"content": [{"type": "text", "text": "12 €"}], **structured}


def answered(request: dict[str, Any]) -> dict[str, Any] | None:
    match request["method"]:
        case "initialize":
            capabilities = {"tools": {"listChanged": True}}
            server = {"name": "old", "version": "1"}
            return {"protocolVersion": "2025-03-26", "capabilities": capabilities, "serverInfo": server}
        case "tools/list":
            # A page a tool.
            at = int(request.get("params", {}).get("cursor") or 0)
            further = {"nextCursor": str(at + 1)} if at + 1 < len(tools) else {}
            return {"tools": tools[at : at + 1], **further}
        case "tools/call":
            return called(request["params"]["name"])
    return None


print("Welcome to the old tool server!", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        result = answered(request)
        say(id=request["id"], **({"error": {"code": -32601, "message": "?"}} if result is None else {"result": result}))
