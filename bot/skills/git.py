"""The skills' folder under git: what is decided about its files becomes commits in the operator's own repository.

What was decided is read from the audit, so it does not matter whether a click, a rule or the command line decided it.
Only the skill's own folder is committed and never pushed; what else is staged stays staged. The commit is made of the
approved bytes, so nothing else is in it, by git's plumbing: no hook runs.
"""

import asyncio
import os
import shutil
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bot.errors import ApprenticeError
from bot.skills.core_yaml import UNWANTED
from bot.store import audit, skills
from bot.store.audit import Event
from bot.store.store import Store

log = structlog.get_logger()
FILES = frozenset(["approved", "published"])
"""Events that are a commit if they changed files."""
DECISIONS = frozenset(["restored", "rolled-back", "evicted"])
"""Events that are a commit in any case."""
SECONDS = 60.0
"""That one call of git may take."""
NONE = "0" * 40
"""Stands for no commit."""
FALLBACK = ("-c", "user.name=apprentice", "-c", "user.email=apprentice@localhost")
"""The author where git's configuration names none."""


class _Failed(ApprenticeError):
    """What git said."""


class GitRecord:
    """Makes the commits (APPRENTICE_SKILLS_GIT=commit). Where there is no git or no repository the log says so once."""

    def __init__(self, root: Path, store: Store) -> None:
        self._root = root
        self._store = store
        self._program = shutil.which("git") or ""
        self._environment = {  # the bot's own holds secrets, which no filter of the repository needs
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
                await self._keep(event, empty=empty)
            except _Failed as error:
                if "index.lock" in str(error):  # somebody else works in the repository just now
                    self._waiting.append((event, empty))
                else:
                    log.warning("git.refused", skill=event.ref.name, action=event.action, reason=str(error))

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

    async def _keep(self, event: Event, *, empty: bool) -> None:
        """Commit what the event made of the folder, by the approved bytes: what stands there may be edited by now."""
        name = event.ref.name
        if await self._git("ls-files", "--others", "--ignored", "--exclude-standard", "--", name):
            raise _Failed(f"git ignores {self._root / name}: look into .gitignore.")
        files: Mapping[str, bytes] = {}
        if event.action != "evicted":
            files = await self._store.read(lambda connection: skills.files(connection, event.ref))
            if not files:  # the release's, of which nothing changed
                return
        entries = await self._entries(name, files)
        with TemporaryDirectory() as place:
            index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
            initial = "(initial)" in await self._git("status", "--porcelain=v2", "--branch", "--untracked-files=no")
            await self._git("read-tree", "--empty" if initial else "HEAD", more=index)
            await self._stage(name, entries, index)
            tree = (await self._git("write-tree", more=index)).strip()
        before = "" if initial else (await self._git("rev-parse", "HEAD")).strip()
        same = tree == (await self._git("rev-parse", "HEAD^{tree}")).strip() if before else not entries
        if same and not empty:
            return
        await self._stage(name, entries)
        parent = ("-p", before) if before else ()
        commit = (await self._git("commit-tree", tree, *parent, given=_message(event).encode())).strip()
        await self._git(
            "update-ref", "-m", f"commit: {_message(event).splitlines()[0]}", "HEAD", commit, before or NONE
        )

    async def _entries(self, name: str, files: Mapping[str, bytes]) -> bytes:
        """The files as lines for an index, their bytes in the repository."""
        above = (await self._git("rev-parse", "--show-prefix")).strip("\n")
        lines = []
        for path, content in sorted(files.items()):
            id = await self._git("hash-object", "-w", "--stdin", "--path", f"{name}/{path}", given=content)
            lines.append(f"100644 {id.strip()}\t{above}{name}/{path}\0")
        return "".join(lines).encode()

    async def _stage(self, name: str, entries: bytes, more: Mapping[str, str] | None = None) -> None:
        """Make these the skill's files in an index, and leave all else in it."""
        await self._git("rm", "-r", "--cached", "--quiet", "--force", "--ignore-unmatch", "--", name, more=more)
        await self._git("update-index", "-z", "--index-info", given=entries, more=more)

    async def _git(self, *arguments: str, given: bytes = b"", more: Mapping[str, str] | None = None) -> str:
        """What git prints. `given` is its input, `more` goes into its environment. Raises _Failed."""
        if not self._program:
            raise _Failed("git is not installed.")
        process = await asyncio.create_subprocess_exec(
            *(self._program, "-C", str(self._root), "--literal-pathspecs", *self._author, *arguments),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={**self._environment, **(more or {})},
        )
        try:
            async with asyncio.timeout(SECONDS):
                printed, said = await process.communicate(given)
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
