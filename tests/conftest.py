"""For every test: no network but loopback, skips that CI does not forgive, Hypothesis without a clock, a database."""

import ipaddress
import os
import shutil
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bot.store import schema
from bot.store.store import Store

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

# The same examples each time, and no clock: `--hypothesis-profile default` looks for others.
settings.register_profile(
    "apprentice", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("apprentice")


def _loopback(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


def _stay_on_loopback(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse what would leave the machine. An audit hook: no library's own way to a socket leads around it."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not _loopback(host):
        pytest.fail(f"a test reached for the network: {event} {host!r}; only loopback is allowed")


sys.addaudithook(_stay_on_loopback)


def _unforgiven(report: Report) -> Report:
    """With APPRENTICE_REQUIRE_ALL=1 a skip is a failure, an expected failure still none."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("APPRENTICE_REQUIRE_ALL") == "1":
        report.outcome = "failed"
        report.longrepr = f"APPRENTICE_REQUIRE_ALL is set and this was skipped: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _unforgiven((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _unforgiven((yield))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, as tests wait for the disk and for loopback; more than four gain nothing here."""
    return min((os.cpu_count() or 1) + 1, 4)


@pytest.fixture(autouse=True)
def _logs_anew() -> Iterator[None]:
    """What a command sets up for its own log would write to a stream that is closed by the next test.

    By default structlog draws each variable of a traceback, for seconds; nobody looks.
    """
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def _migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new database is a copy of one that was migrated: to migrate each would be a seventh of the tests' time."""
    migrated, upgrade = tmp_path_factory.mktemp("schema") / "new.db", schema.upgrade

    def upgrade_a_copy(path: Path) -> None:
        if not migrated.exists():
            upgrade(migrated)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(migrated, path)
        upgrade(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "upgrade", upgrade_a_copy)
        yield


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A real database in a folder of its own."""
    schema.upgrade(tmp_path / "test.db")
    async with Store(tmp_path / "test.db") as store:
        yield store
