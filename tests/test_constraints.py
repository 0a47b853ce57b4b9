"""constraints.txt: an exact pin for whatever pyproject.toml asks for; its header says how to make it anew."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parent.parent


def test_every_dependency_has_a_pin_that_suits_it() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    asked = [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["test"]]
    lines = (CHECKOUT / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line.partition(" #")[0]) for line in lines if not line.startswith("#")]
    pinned = {canonicalize_name(pin.name): next(iter(pin.specifier)) for pin in pins}
    assert {specifier.operator for specifier in pinned.values()} == {"=="}
    unpinned = [
        str(requirement)
        for requirement in asked
        if (name := canonicalize_name(requirement.name)) not in pinned
        or not requirement.specifier.contains(pinned[name].version)
    ]
    assert not unpinned, f"constraints.txt is out of date for {unpinned}: run the command in its header"
