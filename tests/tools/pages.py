"""A server of the web on loopback that answers byte by byte as a test says, and a resolver that does likewise."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

Body = bytes | Sequence[bytes]


class Pages:
    """What is answered by path; `asked` are the heads of the requests that came."""

    def __init__(self) -> None:
        self.port = 0
        self.answers: dict[str, Body] = {}
        self.asked: list[str] = []

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def put(self, path: str, body: str | bytes, media: str = "text/html", *, status: int = 200, **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {media}\r\nContent-Length: {len(content)}\r\n{more}\r\n"
        self.answers[path] = head.encode() + content

    def move(self, path: str, location: str, status: int = 302) -> None:
        self.answers[path] = f"HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send what stands there; of a sequence the last part again and again, until nobody listens."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.asked.append(head)
                answer = self.answers[head.split()[1]]
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                    continue
                writer.write(b"".join(answer))
                while answer[-1]:
                    writer.write(answer[-1])
                    await writer.drain()
                await asyncio.Event().wait()


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Pages]:
    """The server, as long as it is needed."""
    pages = Pages()
    tasks = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await pages.serve(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    pages.port = server.sockets[0].getsockname()[1]
    try:
        yield pages
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Names:
    """A resolver: each name's addresses, one list after the other; the last one stays."""

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self.left = {name: list(each) for name, each in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.left:
            raise OSError(f"{host} is not known")
        answers = self.left[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]
