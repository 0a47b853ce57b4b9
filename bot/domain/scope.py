"""Where skills belong: to a room (`telegram:42`, `slack:T1/C9`), to a whole workspace (`slack:T1`), or everywhere."""

EVERYWHERE = ""
"""The scope of a skill that belongs to no room; in a skill's file it has none."""


def family(scope: str) -> tuple[str, str, str]:
    """The scopes whose skills are seen in a room: everywhere's, its workspace's, its own (where that is no other)."""
    return EVERYWHERE, workspace(scope), scope


def workspace(scope: str) -> str:
    """The workspace of a room; a room of a platform without workspaces is its own."""
    return scope.partition("/")[0]


def wider(scope: str) -> str:
    """The next scope to which a skill may be offered."""
    return workspace(scope) if workspace(scope) != scope else EVERYWHERE
