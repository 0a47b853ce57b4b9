"""A skill and its procedure as values; `bot.skills.format` reads and writes them as files (bot/skills/FORMAT.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.domain.json import JSON

Origin = Literal["mined", "refined", "re-extracted", "written", "imported"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: exactly one of `tool` and `prompt`. `arguments` is the file's `with`, expressions unevaluated."""

    id: str
    tool: str | None = None
    arguments: Mapping[str, JSON] = field(default_factory=dict)
    prompt: str | None = None
    for_each: str | None = None
    output_schema: JSON | None = None
    expect: JSON | None = None
    """The JSON Schema under `expect.schema`, over the step's output."""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One entry of `verify`: a tool's output or a value that must satisfy the JSON Schema `expect`."""

    tool: str | None = None
    arguments: Mapping[str, JSON] = field(default_factory=dict)
    value: JSON | None = None
    expect: JSON | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a skill is relevant."""

    keywords: tuple[str, ...] = ()
    condition: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A request in words and the parameters it means."""

    request: str
    parameters: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a procedure comes from: the tasks' ids, the digest a refinement started from, how often refined."""

    origin: Origin = "written"
    tasks: tuple[str, ...] = ()
    based_on: str | None = None
    refined: int = 0


@dataclass(frozen=True, slots=True)
class Procedure:
    """What `procedure.yaml` says. `parameters` maps names to JSON Schemas; `returns` None: every step's output."""

    steps: tuple[Step, ...]
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    trigger: Trigger = Trigger()
    verify: tuple[Check, ...] = ()
    returns: JSON | None = None
    examples: tuple[Example, ...] = ()
    provenance: Provenance = Provenance()


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill: what `SKILL.md` says and, unless it is prose only, its procedure.

    `scope` None means everywhere. `body` is the Markdown below the frontmatter. `license`, `compatibility`,
    `allowed_tools` and `metadata` (without scope and version) are the standard's, kept as they were.
    """

    name: str
    description: str
    procedure: Procedure | None = None
    scope: str | None = None
    version: int = 1
    body: str = ""
    license: str | None = None
    compatibility: str | None = None
    allowed_tools: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def tool_name(self) -> str:
        """The name of the tool that the model sees: `skill_customer_orders`."""
        return "skill_" + self.name.replace("-", "_")


@dataclass(frozen=True, slots=True)
class SkillRef:
    """One version of a skill: outcomes attach to this pair. `digest` is SHA-256 in hex (bot/skills/FORMAT.md)."""

    name: str
    digest: str
