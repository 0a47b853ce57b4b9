"""Evidence with its rule and weight, tasks with a probability and what makes them suspect, answers of the judge"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("tasks", sa.Column("probability", sa.Float(), server_default="0.5", nullable=False))
    op.add_column("tasks", sa.Column("suspicion", sa.Text(), server_default="", nullable=False))
    op.add_column("evidence", sa.Column("rule", sa.String(), server_default="", nullable=False))
    op.add_column("evidence", sa.Column("weight", sa.Float(), server_default="0", nullable=False))
    op.create_table(
        "judgements",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_judgements")),
    )


def downgrade() -> None:
    op.drop_table("judgements")
    for table, column in (
        ("evidence", "weight"),
        ("evidence", "rule"),
        ("tasks", "suspicion"),
        ("tasks", "probability"),
    ):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
