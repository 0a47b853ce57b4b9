"""What tools may do: standing permissions, and what the tools of a skill were when it was approved"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0009"
GIVEN = """
INSERT INTO permissions (scope, name, digest, person, person_name, at)
SELECT
    scope, 'skill_' || replace(name, '-', '_'), digest,
    coalesce(decided_by, ''), coalesce(decided_name, ''), decided_at
FROM confirmations AS one
WHERE state = 'always' AND id = (
    SELECT id FROM confirmations AS other
    WHERE other.state = 'always' AND other.scope = one.scope AND other.name = one.name
    ORDER BY decided_at DESC, id LIMIT 1
)
"""
"""The newest "Always here" of each skill in each scope."""


def upgrade() -> None:
    op.create_table(
        "permissions",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("person_name", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "name", name=op.f("pk_permissions")),
    )
    op.execute(GIVEN)
    op.drop_index("ix_confirmations_always", "confirmations")
    op.add_column("versions", sa.Column("tools", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("versions", "tools")
    op.create_index("ix_confirmations_always", "confirmations", ["name", "digest", "state"])
    op.drop_table("permissions")
