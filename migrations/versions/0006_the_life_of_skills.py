"""The life of skills: verdicts on uses, what became of versions, who decided it, and what people wish"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
KEPT = "what was decided stays on record"


def upgrade() -> None:
    op.add_column("uses", sa.Column("unexpected", sa.Boolean(), nullable=False, server_default=sa.text("0")))
    op.add_column("uses", sa.Column("verdict", sa.String(), nullable=False, server_default="unknown"))
    op.add_column("proposals", sa.Column("kind", sa.String(), nullable=False, server_default="new"))
    op.add_column("proposals", sa.Column("based_on", sa.String()))
    op.add_column("proposals", sa.Column("reason", sa.String(), nullable=False, server_default=""))
    op.add_column("proposals", sa.Column("posted", sa.Float()))
    op.add_column("proposals", sa.Column("reminded", sa.Float()))
    op.add_column("scopes", sa.Column("told", sa.Float()))
    op.create_table(
        "lives",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("counted_from", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("name", "digest", name=op.f("pk_lives")),
    )
    op.create_table(
        "preferences",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("wish", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "name", name=op.f("pk_preferences")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("scope", sa.String()),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("person_name", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_name"), "audit", ["name"])
    for change in ("UPDATE", "DELETE"):
        refuse = f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
        op.execute(f"CREATE TRIGGER audit_refuses_{change.lower()} BEFORE {change} ON audit {refuse}")


def downgrade() -> None:
    for table in ("audit", "preferences", "lives"):
        op.drop_table(table)
    for table, columns in {
        "uses": ("unexpected", "verdict"),
        "proposals": ("kind", "based_on", "reason", "posted", "reminded"),
        "scopes": ("told",),
    }.items():
        for column in columns:
            op.drop_column(table, column)
