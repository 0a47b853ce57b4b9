"""What a command sees: bubblewrap's arguments for a file system of its own, without a network, and the limits in it."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.errors import ConfigError
from bot.tools.names import FILES
from bot.tools.process import PATH

INSIDE = "/workspace"
"""Where a command finds the workspace."""
TEMPORARY = ("/tmp", "/dev/shm")  # noqa: S108 - the sandbox's own
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
CONFIGURATION = ("alternatives", "group", "ld.so.cache", "localtime", "nsswitch.conf", "passwd")
"""What programs need of /etc; the rest of it may hold secrets."""
LARGEST_FILE = 256 * 2**20
"""Bytes of a file that a command may write."""
PROCESSES = 256
"""Of one command at once, where the bot does not run as root: the kernel lets root have more."""
PROBE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How commands are shut in. `hidden` are folders of the bot's own, `memory` is in bytes."""

    bwrap: str
    prlimit: str
    memory: int
    hidden: Sequence[Path] = ()

    def around(self, command: Sequence[str], workspace: Path, own: str) -> list[str]:
        """The arguments that run a command in the workspace, of whose `files` it sees the folder `own` alone.

        Both folders must exist. All namespaces are new, the network's too; bubblewrap sets no_new_privs.
        """
        size = str(self.memory)
        temporary = [part for folder in TEMPORARY for part in ("--size", size, "--tmpfs", folder)]
        return [
            *(self.bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
            *_each("--ro-bind-try", SYSTEM),
            *_each("--ro-bind-try", [f"/etc/{name}" for name in CONFIGURATION]),
            *(part for folder in _shown(self.hidden) for part in ("--tmpfs", folder)),
            *("--proc", "/proc", "--dev", "/dev", *temporary, "--bind", str(workspace), INSIDE),
            *("--tmpfs", f"{INSIDE}/{FILES}", "--bind", str(workspace / FILES / own), f"{INSIDE}/{FILES}/{own}"),
            # /proc too: where the bot is root, /proc/sys would be the whole machine's, and writable.
            *(part for place in (f"{INSIDE}/{FILES}", "/dev", "/proc", "/") for part in ("--remount-ro", place)),
            *("--setenv", "HOME", TEMPORARY[0], "--chdir", INSIDE, "--"),
            # Inside, so that the processes are counted by themselves, not with all that the bot's user runs.
            *limited(self.prlimit, self.memory, [f"--nproc={PROCESSES}", *command]),
        ]

    def check(self) -> None:
        """Run a program that does nothing. Raises ConfigError where sandboxes do not work, as in many containers."""
        with TemporaryDirectory() as folder:
            (Path(folder) / FILES / "own").mkdir(parents=True)
            command = self.around([found("true") or "true"], Path(folder), "own")
            environment = {"PATH": PATH}
            done = subprocess.run(  # noqa: S603 - our own arguments
                command, env=environment, capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
            )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
            raise ConfigError(_without(f"bubblewrap does not work here ({said})", "Allow it user namespaces"))


def limited(prlimit: str, memory: int, command: Sequence[str]) -> list[str]:
    """A command with limits on each of its processes."""
    return [prlimit, f"--as={memory}", f"--fsize={LARGEST_FILE}", "--core=0", *command]


def prepared(memory: int, hidden: Sequence[Path]) -> Sandbox:
    """A sandbox that works here. Raises ConfigError."""
    bwrap = found("bwrap")
    if bwrap is None:
        raise ConfigError(_without("there is no bubblewrap (bwrap)", "Install it"))
    sandbox = Sandbox(bwrap, limiter(), memory, hidden)
    sandbox.check()
    return sandbox


def limiter() -> str:
    """The program that sets limits. Raises ConfigError."""
    if (path := found("prlimit")) is None:
        raise ConfigError(
            "run_command is on ([commands] in apprentice.toml), but there is no prlimit: install util-linux."
        )
    return path


def found(program: str) -> str | None:
    """A program's path in the system's folders; what the bot's own environment says does not count."""
    return shutil.which(program, path=PATH)


def _without(what: str, mend: str) -> str:
    return (
        f'run_command is on ([commands] in apprentice.toml), but {what}. {mend}, or say sandbox = "unsandboxed" and '
        "read in README what is missing then."
    )


def _each(option: str, paths: Sequence[str]) -> list[str]:
    return [part for path in paths for part in (option, path, path)]


def _shown(hidden: Sequence[Path]) -> list[str]:
    """Those that the system's folders would show, the outer ones first."""
    folders = sorted({folder.resolve() for folder in hidden})
    return [str(folder) for folder in folders if any(folder.is_relative_to(system) for system in SYSTEM)]
