"""What was shown and chosen, vectors; the full-text index lives in memory"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "showings",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "name", "digest", name=op.f("pk_showings")),
    )
    op.create_table(
        "vectors",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "model", name=op.f("pk_vectors")),
    )
    op.execute("DROP TABLE skill_words")


def downgrade() -> None:
    op.execute("CREATE VIRTUAL TABLE skill_words USING fts5(name UNINDEXED, words, tokenize = 'porter unicode61')")
    op.drop_table("vectors")
    op.drop_table("showings")
