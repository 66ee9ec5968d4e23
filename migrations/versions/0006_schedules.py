"""Schedules of templates, their runs, and who does not want their mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.String(32), nullable=False),
        sa.Column("template_id", sa.String(32), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("paused", sa.Text),
        sa.Column("next_at", sa.DateTime, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
        comment="Templates that are run at set times. plan is when and what for, paused says why it does not run.",
    )
    for column in ("owner_id", "next_at"):
        op.create_index(f"ix_schedules_{column}", "schedules", [column])
    op.create_table(
        "schedule_runs",
        sa.Column("schedule_id", sa.String(32), nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("begun_at", sa.DateTime, nullable=False),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "due_at", name="pk_schedule_runs"),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name="fk_schedule_runs_schedule_id", ondelete="CASCADE"
        ),
        comment="Each time that a schedule was due and run, once, by whichever worker came first.",
    )
    op.create_index("ix_schedule_runs_job_id", "schedule_runs", ["job_id"])
    op.create_table(
        "unsubscribes",
        sa.Column("schedule_id", sa.String(32), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "address", name="pk_unsubscribes"),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name="fk_unsubscribes_schedule_id", ondelete="CASCADE"
        ),
        comment="Addresses that do not want the mails of a schedule any more.",
    )


def downgrade() -> None:
    """Drop them again."""
    for table in ("unsubscribes", "schedule_runs", "schedules"):
        op.drop_table(table)
