"""Links to frozen reports, templates, preferences and chart presets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "contents",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("codec", sa.String(8), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("row_count", sa.Integer, nullable=False),
        sa.Column("generated_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_contents"),
        comment="Frozen reports, each once: compressed JSON by its SHA-256. size is its bytes before compression.",
    )
    op.create_table(
        "links",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("origin_id", sa.String(64)),
        sa.Column("owner_id", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("from_cache", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("view", sa.Text),
        sa.Column("seal", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("revoked_at", sa.DateTime),
        sa.Column("copied_at", sa.DateTime),
        sa.Column("last_opened_at", sa.DateTime),
        sa.Column("open_count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.ForeignKeyConstraint(["digest"], ["contents.digest"], name="fk_links_digest"),
        sa.ForeignKeyConstraint(["origin_id"], ["links.id"], name="fk_links_origin_id"),
        comment="Ways to a frozen report. seal is the SHA-256 of all that never changes once the link was shared.",
    )
    op.create_index("ix_links_digest", "links", ["digest"])
    op.create_index("ix_links_origin_id", "links", ["origin_id"])
    op.create_index("ix_links_owner_id_created_at", "links", ["owner_id", "created_at"])
    op.create_index(
        "ix_links_copied_at_last_opened_at_created_at", "links", ["copied_at", "last_opened_at", "created_at"]
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.String, nullable=False),
        sa.Column("owner_name", sa.String, nullable=False),
        sa.Column("visibility", sa.String(16), nullable=False),
        sa.Column("audience", sa.String, nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("output_type", sa.String(16), nullable=False),
        sa.Column("send_to", sa.Text, nullable=False),
        sa.Column("view", sa.Text),
        sa.Column("runs_at_once", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_templates"),
        sa.UniqueConstraint("owner_id", "title", name="uq_templates_owner_id_title"),
        comment="Saved questions. audience says who may see one (data/access.py).",
    )
    op.create_index("ix_templates_audience", "templates", ["audience"])
    op.create_table(
        "template_defaults",
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("template_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_template_defaults"),
        sa.ForeignKeyConstraint(
            ["template_id"], ["templates.id"], name="fk_template_defaults_template_id", ondelete="CASCADE"
        ),
        comment="The template that a person's form opens with.",
    )
    op.create_index("ix_template_defaults_template_id", "template_defaults", ["template_id"])
    op.create_table(
        "preferences",
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_preferences"),
        comment="Small things the page remembers for a person.",
    )
    op.create_table(
        "chart_presets",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.String, nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chart_presets"),
        sa.UniqueConstraint("owner_id", "title", name="uq_chart_presets_owner_id_title"),
        comment="Charts that a person kept to use again.",
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("chart_presets", "preferences", "template_defaults", "templates", "links", "contents"):
        op.drop_table(table)
