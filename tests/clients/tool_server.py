"""A tool server of the Model Context Protocol, well made and ill-behaved: on stdio, or with a port on HTTP.

`python tool_server.py [PORT]`; its first call of `grow` gives it one tool more.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)

server = MCPServer("stand", warn_on_duplicate_tools=False)
READS, WRITES = ToolAnnotations(read_only_hint=True), ToolAnnotations(read_only_hint=False)


@server.tool(description="An order,\n\tby its \u202enumber.\x07\U000e0041\ufe0f", annotations=READS)
def order(number: int) -> dict[str, Any]:
    return {"number": number, "status": "open", "city": "Köln"}


@server.tool(annotations=WRITES)
def list_and_delete() -> str:
    return "deleted"


@server.tool()
def get_text(characters: int) -> CallToolResult:
    return CallToolResult(content=[TextContent(text="x" * characters)])


@server.tool()
def get_rows(count: int) -> dict[str, Any]:
    return {"rows": list(range(count))}


@server.tool()
def send_all() -> CallToolResult:
    return CallToolResult(
        content=[
            TextContent(text="as asked:"),
            ImageContent(data="AAAA", mime_type="image/png"),
            AudioContent(data="AAAA", mime_type="audio/wav"),
            ResourceLink(name="report", uri="file:///srv/report.pdf"),
            EmbeddedResource(resource=TextResourceContents(uri="memo://1", text="a memo")),
            EmbeddedResource(resource=BlobResourceContents(uri="file:///srv/a.bin", blob="AAAA")),
        ]
    )


@server.tool()
def refuse(reason: str) -> str:
    raise ToolError(reason)


@server.tool()
def fail_silently() -> CallToolResult:
    return CallToolResult(content=[], is_error=True)


@server.tool()
def show_environment() -> dict[str, str]:
    return dict(os.environ)


@server.tool()
def crash() -> str:
    print("out of paper; token s3cret-in-words", end="", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


@server.tool()
async def sleep() -> str:
    await asyncio.sleep(3600)
    return "never"


@server.tool()
def get_stuck() -> str:
    os.kill(os.getpid(), signal.SIGSTOP)
    return "never"


@server.tool()
def talk(lines: int) -> int:
    for number in range(lines):
        print(f"line {number}", file=sys.stderr)
    sys.stderr.flush()
    return lines


@server.tool()
async def grow(context: Context) -> str:
    server.add_tool(lambda: "grown", name="find_fruit", description="What grew", annotations=READS)
    await context.notify_tools_changed()
    return "one more"


server.add_tool(lambda: "hyphen", name="an odd.name")
server.add_tool(lambda: "underscore", name="an_odd_name")
server.add_tool(lambda: "long", name="read_" + "long" * 20)

if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(server.run_streamable_http_async(port=int(sys.argv[1])))
    else:
        server.run()
