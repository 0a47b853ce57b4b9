"""compose.yaml: the Compose specification's schema (check-jsonschema ships it), and what an operator relies on."""

import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.domain.json import JSON

CHECKOUT = Path(__file__).parent.parent
FILE = CHECKOUT / "compose.yaml"


def by_the_specification(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our interpreter)


@pytest.fixture
def service() -> JSON:
    (service,) = YAML(typ="safe").load(FILE)["services"].values()
    return service


def test_keeps_the_specification() -> None:
    done = by_the_specification(FILE)
    assert done.returncode == 0, done.stdout


def test_the_specification_is_really_asked(tmp_path: Path) -> None:
    broken = tmp_path / "compose.yaml"
    broken.write_text(FILE.read_text().replace("    restart: ", "    restarts: "))
    done = by_the_specification(broken)
    assert done.returncode == 1
    assert "restarts" in done.stdout


def test_the_image_is_an_official_python_of_the_least_supported_version(service: JSON) -> None:
    assert service["image"].startswith("python:3.11-slim")


def test_the_checkout_cannot_be_written_to_and_data_and_skills_lie_on_the_host(service: JSON) -> None:
    bound = {volume["target"]: volume for volume in service["volumes"] if volume["type"] == "bind"}
    assert {target: volume["source"] for target, volume in bound.items()} == {
        "/app": ".",
        "/data": "./data",
        "/skills": "./skills",
    }
    assert [target for target, volume in bound.items() if volume.get("read_only")] == ["/app"]
    assert service["environment"] == {"APPRENTICE_HOME": "/data", "APPRENTICE_SKILLS": "/skills"}
    assert service["env_file"] == [{"path": ".env", "required": False}]


def test_stops_cleanly_comes_back_and_holds_no_privileges(service: JSON) -> None:
    assert service["init"] is True
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"] == "30s"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service["user"].startswith(("0", "root"))


def test_the_command_installs_what_the_checkout_has_and_becomes_the_bot(service: JSON) -> None:
    shell, options, script = service["command"]
    syntax = subprocess.run([shell, "-n", "-c", script], capture_output=True, text=True, check=False)  # noqa: S603 (ours)
    assert (options, syntax.returncode, syntax.stderr) == ("-euc", 0, "")
    lines = script.splitlines()
    (copied,) = (line.split()[2:-1] for line in lines if line.startswith("cp "))
    assert [name for name in copied if not (CHECKOUT / name).exists()] == []
    assert "--constraint constraints.txt" in script
    assert lines[-1].startswith("exec ")
    assert lines[-1].endswith("/apprentice run")
