"""What a mail says of a file's figures, and what its person could see when it was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("files", sa.Column("summary", sa.Text))
    op.add_column("files", sa.Column("scope", sa.String(64)))


def downgrade() -> None:
    """Drop them again."""
    op.drop_column("files", "scope")
    op.drop_column("files", "summary")
