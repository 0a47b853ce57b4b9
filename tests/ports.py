"""Ports of loopback that a test asks for by number."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_port() -> Iterator[int]:
    """A port on which nobody listens, and which the system gives to nobody else meanwhile.

    Whoever asks for it by number may listen on it: on Linux two sockets that allow it (SO_REUSEADDR, as servers do)
    share an address as long as only one listens. A port that is found free and let go may be another's a moment later.
    """
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]
