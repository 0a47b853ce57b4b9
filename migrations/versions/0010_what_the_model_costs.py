"""What the model's work used, and which model it was"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("journal", sa.Column("model", sa.String(), nullable=False, server_default=""))
    op.add_column("journal", sa.Column("tokens_out", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "spending",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("conversation", sa.String(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("tokens_out", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "person", "conversation", "since", "model", name=op.f("pk_spending")),
    )
    op.create_index(op.f("ix_spending_conversation_since"), "spending", ["conversation", "since"])


def downgrade() -> None:
    op.drop_table("spending")
    op.drop_column("journal", "tokens_out")
    op.drop_column("journal", "model")
