"""The skills' folder under git: what is decided about its files becomes commits in the operator's own repository.

What was decided is read from the audit, so it does not matter whether a click, a rule or the command line decided it.
Only the skill's own folder is committed and never pushed; what else is staged stays staged. Bytes that nobody approved
are in no commit.
"""

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import structlog

from bot.errors import ApprenticeError
from bot.skills.core_yaml import UNWANTED
from bot.skills.library import Library
from bot.store import audit
from bot.store.audit import Event
from bot.store.store import Store

log = structlog.get_logger()
FILES = frozenset(["approved", "published"])
"""Events that are a commit if they changed files."""
DECISIONS = frozenset(["restored", "rolled-back", "evicted"])
"""Events that are a commit in any case."""
SECONDS = 60.0
"""That one call of git may take, hooks included."""
FALLBACK = ("-c", "user.name=apprentice", "-c", "user.email=apprentice@localhost")
"""The author where git's configuration names none."""


class _Failed(ApprenticeError):
    """What git said."""


class GitRecord:
    """Makes the commits (APPRENTICE_SKILLS_GIT=commit). Where there is no git or no repository the log says so once."""

    def __init__(self, root: Path, library: Library, store: Store) -> None:
        self._root = root
        self._library = library
        self._store = store
        self._program = shutil.which("git") or ""
        self._environment = {  # the bot's own holds secrets, which no hook of the repository needs
            "PATH": f"{os.path.dirname(self._program)}:/usr/local/bin:/usr/bin:/bin",
            "HOME": os.path.expanduser("~"),
            "LANG": "C.UTF-8",
            "GIT_TERMINAL_PROMPT": "0",
        }
        self._author: tuple[str, ...] = ()
        self._seen: int | None = None
        self._waiting: list[tuple[Event, bool]] = []
        self._off = False

    async def look(self) -> None:
        """Commit what was decided since the last look; the first one makes up for what nobody looked at."""
        if self._off or (self._seen is None and not await self._usable()):
            return
        await self._gather()
        waiting, self._waiting = self._waiting, []
        for event, empty in waiting:
            try:
                done = await self._keep(event, empty=empty)
            except _Failed as error:
                done = "index.lock" not in str(error)  # somebody else works in the repository just now
                if done:
                    log.warning("git.refused", skill=event.ref.name, action=event.action, reason=str(error))
            if not done:
                self._waiting.append((event, empty))

    async def _gather(self) -> None:
        """What is to be committed, and whether it is where no file changed. Of what was missed, each skill's last."""
        first, seen = self._seen is None, self._seen or 0
        events = await self._store.read(lambda connection: audit.since(connection, seen))
        self._seen = events[-1][0] if events else seen
        told = [event for _, event in events if event.action in FILES | DECISIONS]
        if first:
            told = list({event.ref.name: event for event in told}.values())
        self._waiting += [(event, not first and event.action in DECISIONS) for event in told]

    async def _usable(self) -> bool:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            await self._git("rev-parse", "--show-toplevel")
        except (_Failed, OSError) as error:
            self._off = True
            log.warning(
                "git.off", folder=str(self._root), reason=str(error), advice="Run git init, or unset the setting."
            )
            return False
        try:
            await self._git("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
        except _Failed:
            self._author = FALLBACK
        return True

    async def _keep(self, event: Event, *, empty: bool) -> bool:
        """Commit what the event made of the folder, if it is that still; False while it is yet to be removed."""
        name = event.ref.name
        standing = next((entry for entry in await self._library.shelf(None) if entry.name == name), None)
        if event.action == "evicted" and standing is not None:
            return standing.ref != event.ref or standing.state != "suspended"
        if event.action != "evicted" and (standing is None or standing.ref != event.ref):
            return True
        if await self._git("ls-files", "--cached", "--others", "--exclude-standard", "--", name):
            await self._git("add", "--all", "--", name)
        elif standing is not None:
            raise _Failed(f"git ignores {self._root / name}: look into .gitignore.")
        changed = await self._git("diff", "--cached", "--name-only", "--", name)
        if changed or empty:
            what = ("--", name) if changed else ("--allow-empty",)
            await self._git("commit", "--quiet", "--no-gpg-sign", "--only", "--message", _message(event), *what)
        return True

    async def _git(self, *arguments: str) -> str:
        """What git prints. Raises _Failed."""
        if not self._program:
            raise _Failed("git is not installed.")
        process = await asyncio.create_subprocess_exec(
            *(self._program, "-C", str(self._root), "--literal-pathspecs", *self._author, *arguments),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=self._environment,
        )
        try:
            async with asyncio.timeout(SECONDS):
                printed, said = await process.communicate()
        except TimeoutError:
            raise _Failed(f"git took longer than {SECONDS:.0f} seconds.") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise _Failed(said.decode("utf-8", "replace").strip() or f"git ended with {process.returncode}.")
        return printed.decode("utf-8", "replace")


def _message(event: Event) -> str:
    """The skill, what became of it, who decided it where, and which version."""
    who = _line(event.by.name or event.by.id) or "the bot"
    lines = [
        f"{event.ref.name}: {event.action} by {who}",
        "",
        f"Decided-by: {who} ({_line(event.by.id) or 'its own rules'}), {_line(event.origin)}",
        f"Digest: {event.ref.digest}",
    ]
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(UNWANTED.sub("?", text).split())
