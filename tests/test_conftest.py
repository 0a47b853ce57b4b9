"""What tests/conftest.py promises every other test."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

AWAY = ("192.0.2.1", 9)
"""An address that is kept for documentation (RFC 5737)."""


@pytest.mark.parametrize(
    "reach",
    [
        lambda tcp, udp: tcp.connect(AWAY),
        lambda tcp, udp: tcp.connect_ex(AWAY),
        lambda tcp, udp: udp.sendto(b"", AWAY),
        lambda tcp, udp: udp.sendmsg([b""], [], 0, AWAY),
        lambda tcp, udp: socket.getaddrinfo("example.invalid", 443),
        lambda tcp, udp: socket.gethostbyname("example.invalid"),
        lambda tcp, udp: socket.create_connection(("example.invalid", 443)),
    ],
)
def test_no_test_leaves_the_machine(reach: Callable[[socket.socket, socket.socket], object]) -> None:
    with (
        socket.socket() as tcp,
        socket.socket(type=socket.SOCK_DGRAM) as udp,
        pytest.raises(pytest.fail.Exception, match="only loopback is allowed"),
    ):
        reach(tcp, udp)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_open(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((host, server.getsockname()[1])).close()


SKIPS = {
    "run": "import pytest\ndef test_it(): pytest.skip('no engine here')",
    "collected": "import pytest\npytest.importorskip('no_such_module', reason='no engine here')\ndef test_it(): pass",
    "marked": "import pytest\n@pytest.mark.skip(reason='no engine here')\ndef test_it(): pass",
}


def outcome(folder: Path, test: str, require_all: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(Path(__file__).parent / "conftest.py", folder)
    (folder / "test_it.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio", str(folder)]
    environment = {"APPRENTICE_REQUIRE_ALL": require_all}
    return subprocess.run(  # noqa: S603 (our interpreter)
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("test", SKIPS.values(), ids=SKIPS)
def test_a_skip_is_a_failure_where_all_is_required(tmp_path: Path, test: str) -> None:
    done = outcome(tmp_path, test, "1")
    assert done.returncode != 0
    assert "no engine here" in done.stdout
    assert "APPRENTICE_REQUIRE_ALL" in done.stdout


def test_a_skip_is_forgiven_elsewhere(tmp_path: Path) -> None:
    assert outcome(tmp_path, SKIPS["run"], "").returncode == 0


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    test = "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False"
    assert outcome(tmp_path, test, "1").returncode == 0
