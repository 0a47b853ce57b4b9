"""Messages that join a turn, the language of a conversation, chats that the bot left or that moved"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "chats",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("gone", sa.Float()),
        sa.Column("moved", sa.String()),
        sa.PrimaryKeyConstraint("platform", "chat", name=op.f("pk_chats")),
    )
    op.create_index("ix_chats_moved", "chats", ["platform", "moved"])
    op.add_column("conversations", sa.Column("language", sa.String(), server_default="", nullable=False))
    op.add_column("turns", sa.Column("joined", sa.Integer()))
    op.create_index(
        "ix_turns_joined",
        "turns",
        ["joined"],
        sqlite_where=sa.text("joined IS NOT NULL"),
        postgresql_where=sa.text("joined IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_turns_joined", "turns")
    op.drop_column("turns", "joined")
    op.drop_column("conversations", "language")
    op.drop_table("chats")
