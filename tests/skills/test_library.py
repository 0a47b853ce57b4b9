"""The library: live, pending and broken by folder, validity and digest."""

import asyncio
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.skill import Skill, SkillRef
from bot.errors import Refused
from bot.skills import folder, format
from bot.skills.library import FEW, LOOK, SHARE, Library, Shelved
from bot.skills.shipped import SHIPPED
from bot.store import skills
from bot.store.commits import Commit
from bot.store.skills import Approval
from bot.store.store import Store, T, Work
from tests.engine.made import HandClock
from tests.skills.made import skill_files

RELEASED = Path(__file__).parents[2] / "skills"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "skills").mkdir()
    return tmp_path / "skills"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def library(root: Path, store: Store, clock: HandClock) -> Library:
    return Library(root, store, clock)


def approval(name: str, files: dict[str, bytes], scope: str | None = None) -> Approval:
    return Approval(SkillRef(name, folder.digest(files)), scope, files, "Mia", 1.0)


def prose(name: str, scope: str | None = None, description: str = "Says how to write.") -> dict[str, bytes]:
    return format.render(Skill(name, description, scope=scope, body="Briefly."))


async def approve(store: Store, given: Approval) -> None:
    await store.write(Commit.APPROVE, lambda connection: skills.approve(connection, given))


async def states(library: Library, scope: str | None = None) -> dict[str, str]:
    return {entry.name: entry.state for entry in await library.shelf(scope)}


async def test_live_needs_a_folder_that_is_valid_and_a_digest_that_is_approved(
    library: Library, root: Path, store: Store
) -> None:
    assert await library.shelf(None) == []
    folder.write(root / "customer-orders", skill_files())
    folder.write(root / "tone", prose("tone"))
    folder.write(root / "other-name", prose("tone"))
    assert await states(library) == {"customer-orders": "pending", "other-name": "broken", "tone": "pending"}
    await approve(store, approval("tone", prose("tone")))
    await approve(store, approval("other-name", prose("tone")))
    [broken] = [entry for entry in await library.shelf(None) if entry.state == "broken"]
    assert (broken.skill, bool(broken.problems)) == (None, True)
    [live] = await library.live("telegram:7")
    assert (live.name, live.approved_by) == ("tone", "Mia")


async def test_a_hand_edit_waits_and_its_undoing_does_not(library: Library, root: Path, store: Store) -> None:
    folder.write(root / "tone", prose("tone"))
    await approve(store, approval("tone", prose("tone")))
    assert await states(library) == {"tone": "live"}
    file = root / "tone" / "SKILL.md"
    kept, times = file.read_bytes(), os.stat(file)
    file.write_bytes(kept.replace(b"Briefly", b"Lengthy"))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # as an archive or a careful person restores it
    assert await states(library) == {"tone": "pending"}
    file.write_bytes(kept)
    assert await states(library) == {"tone": "live"}
    (root / "tone" / "notes.md").write_text("more")
    assert await states(library) == {"tone": "pending"}
    (root / "tone" / "notes.md").rename(root / "tone" / ".notes.md")
    assert await states(library) == {"tone": "live"}


async def test_a_deleted_folder_is_gone_and_stays_so(library: Library, root: Path, store: Store) -> None:
    folder.write(root / "tone", prose("tone"))
    await approve(store, approval("tone", prose("tone")))
    assert await states(library) == {"tone": "live"}
    shutil.rmtree(root / "tone")
    assert await library.shelf(None) == []
    assert os.listdir(root) == []
    shutil.rmtree(root)
    assert await library.shelf(None) == []


async def test_one_broken_folder_stops_no_other(library: Library, root: Path, store: Store) -> None:
    folder.write(root / "tone", prose("tone"))
    (root / "empty").mkdir()
    (root / "linked").mkdir()
    (root / "linked" / "SKILL.md").symlink_to(root / "tone" / "SKILL.md")
    (root / "pipe").mkdir()
    os.mkfifo(root / "pipe" / "SKILL.md")
    (root / "many").mkdir()
    for number in range(folder.MOST_ENTRIES + 1):
        (root / "many" / str(number)).touch()
    (root / "itself").symlink_to(root / "tone")
    (root / "a-file").touch()
    (root / os.fsdecode(b"odd\xff")).mkdir()
    found = await states(library)
    assert found.pop("tone") == "pending"
    assert set(found.values()) == {"broken"}
    shutil.rmtree(root / "linked")
    folder.write(root / "linked", prose("linked"))
    assert (await states(library))["linked"] == "pending"


async def test_folders_that_come_and_go_meanwhile_harm_nobody(library: Library, root: Path, store: Store) -> None:
    async def look() -> None:
        for _ in range(30):
            await library.shelf(None)

    def change() -> None:
        for number in range(60):
            folder.write(root / f"s{number % 3}", prose(f"s{number % 3}"))
            shutil.rmtree(root / f"s{(number + 1) % 3}", ignore_errors=True)

    await asyncio.gather(look(), look(), look(), asyncio.to_thread(change))
    assert await states(library) == dict.fromkeys(sorted(os.listdir(root)), "pending")


async def test_a_skill_is_seen_in_its_scope_and_a_broken_one_in_none(library: Library, root: Path) -> None:
    folder.write(root / "here", prose("here", "telegram:7"))
    folder.write(root / "everywhere", prose("everywhere"))
    (root / "broken").mkdir()
    assert await states(library, "telegram:7") == {"everywhere": "pending", "here": "pending"}
    assert await states(library, "telegram:8") == {"everywhere": "pending"}
    assert len(await states(library)) == 3
    assert (await library.find("here", "telegram:7")).name == "here"
    for name, scope in (("here", "telegram:8"), ("broken", "telegram:7"), ("nothing", None)):
        with pytest.raises(Refused, match=f"no skill named {name}"):
            await library.find(name, scope)


async def test_publishing_makes_the_approved_bytes_the_folder(library: Library, root: Path, store: Store) -> None:
    given = approval("tone", prose("tone"))
    await approve(store, given)
    await library.publish(given)
    assert folder.read(root / "tone") == given.files
    assert await states(library) == {"tone": "live"}
    newer = approval("tone", prose("tone", description="Says it better."))
    await approve(store, newer)
    await library.publish(newer)
    assert [entry.ref for entry in await library.live("telegram:7")] == [newer.ref]
    assert os.listdir(root) == ["tone"]


async def test_of_many_folders_a_turn_sees_what_changed_a_second_later_and_what_was_published_at_once(
    library: Library, root: Path, store: Store, clock: HandClock
) -> None:
    async def live() -> list[str]:
        return [entry.name for entry in await library.live("telegram:7")]

    for number in range(FEW):
        folder.write(root / f"pending-{number}", prose(f"pending-{number}"))
    folder.write(root / "tone", prose("tone"))
    await approve(store, approval("tone", prose("tone")))
    assert await live() == ["tone"]
    for name in ("dress", "style"):
        folder.write(root / name, prose(name, "telegram:8" if name == "dress" else None))
        await approve(store, approval(name, prose(name, "telegram:8" if name == "dress" else None)))
    await clock.sleep(LOOK.total_seconds() - 0.001)
    assert await live() == ["tone"]
    before = await library.live("telegram:7")
    await clock.sleep(0.001)
    assert await live() == ["style", "tone"]
    assert before is not await library.live("telegram:7")
    (root / "style" / "SKILL.md").write_text("changed by hand")
    await library.publish(approval("tone", prose("tone")))
    assert await live() == ["tone"]
    same = await library.live("telegram:7")
    await clock.sleep(60.0)
    assert await library.live("telegram:7") is same


async def test_what_takes_long_to_look_at_is_looked_at_seldom(root: Path, store: Store) -> None:
    class Slow(HandClock):
        def now(self) -> datetime:
            self.time += timedelta(seconds=0.5)
            return self.time

    library = Library(root, store, Slow())
    for number in range(FEW + 1):
        folder.write(root / f"s{number}", prose(f"s{number}"))
    assert await library.live(None) == []
    await approve(store, approval("s1", prose("s1")))
    asked = 1
    while not await library.live(None):
        asked += 1
    assert 0.5 * asked == SHARE * 0.5


async def test_who_asks_at_once_shares_a_look_that_began_after_asking(
    library: Library, root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    read = store.read

    async def counted(work: Work[T]) -> T:
        reads.append(1)
        return await read(work)

    monkeypatch.setattr(store, "read", counted)
    folder.write(root / "tone", prose("tone"))
    first = asyncio.create_task(library.live("telegram:7"))
    await asyncio.sleep(0)
    await approve(store, approval("tone", prose("tone")))
    found = await asyncio.gather(*(library.live("telegram:7") for _ in range(20)))
    assert [[entry.name for entry in live] for live in found] == [["tone"]] * 20
    await first
    assert len(reads) <= 3  # of the first, of the first of the twenty, and one that the others share


async def test_the_commands_see_what_changed_at_once(library: Library, root: Path, store: Store) -> None:
    assert await library.live(None) == []
    folder.write(root / "tone", prose("tone"))
    assert await states(library) == {"tone": "pending"}
    await approve(store, approval("tone", prose("tone")))
    assert (await library.find("tone", "telegram:7")).state == "live"
    assert [entry.name for entry in await library.live(None)] == ["tone"]


async def test_publishing_other_bytes_than_were_approved_is_refused_and_changes_nothing(
    library: Library, root: Path
) -> None:
    folder.write(root / "tone", prose("tone", description="By hand."))
    for files in (prose("tone"), {}):
        given = Approval(SkillRef("tone", "0" * 64), None, files, "Mia", 1.0)
        for write in (library.publish, library.put_back):
            with pytest.raises(Refused, match="not kept any more"):
                await write(given)
    assert os.listdir(root) == ["tone"]
    assert folder.read(root / "tone") == prose("tone", description="By hand.")


async def test_a_version_that_is_put_back_sets_aside_only_what_nobody_approved(
    library: Library, root: Path, store: Store
) -> None:
    old, new = approval("tone", prose("tone")), approval("tone", prose("tone", description="Newer."))
    for given in (old, new):
        await approve(store, given)
        await library.publish(given)
    assert await library.put_back(old) is None
    (root / "tone" / "SKILL.md").write_text("by hand")
    aside = await library.put_back(new)
    assert aside == root / ".tone.set-aside"
    assert (aside / "SKILL.md").read_text() == "by hand"
    assert await states(library) == {"tone": "live"}
    assert sorted(os.listdir(root)) == [".tone.set-aside", "tone"]


async def test_what_the_release_ships_is_live_with_exactly_its_bytes(library: Library, root: Path) -> None:
    for ref in SHIPPED:
        shutil.copytree(RELEASED / ref.name, root / ref.name)
    live = await library.live("telegram:7")
    assert {entry.ref for entry in live} == SHIPPED
    assert {entry.approved_by for entry in live} == {"the release"}
    for ref in SHIPPED:
        file = root / ref.name / "SKILL.md"
        file.write_bytes(file.read_bytes() + b"\n")
    assert await library.live("telegram:7") == []


async def test_a_shipped_digest_under_another_name_is_not_live(library: Library, root: Path) -> None:
    for ref in SHIPPED:
        shutil.copytree(RELEASED / ref.name, root / f"{ref.name}-2")
    assert await library.live("telegram:7") == []


def test_the_ref_is_name_and_digest() -> None:
    assert Shelved("tone", "live", "d", None).ref == SkillRef("tone", "d")
