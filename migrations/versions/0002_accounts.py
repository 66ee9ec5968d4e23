"""Accounts, their sessions and one-time links, roles, throttles, the audit log, and whom a link is for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MONTH_IN_SECONDS = 30 * 24 * 3600
_NOT_CHANGED = "The audit log is only added to."


def upgrade() -> None:
    """Make the tables, and let links that there are stay open for everyone."""
    with op.batch_alter_table("links") as links:
        links.add_column(sa.Column("audience", sa.String, nullable=False, server_default="everyone"))
    op.create_table(
        "link_people",
        sa.Column("link_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("link_id", "user_id", name="pk_link_people"),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name="fk_link_people_link_id", ondelete="CASCADE"),
        comment="Who may open a link whose audience is people, beside its owner.",
    )
    op.create_table(
        "roles",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("rights", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_roles"),
        comment="Roles of an installation's own beside the built-in ones: named sets of rights, as JSON.",
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("role", sa.String(60), nullable=False),
        sa.Column("reseller_id", sa.BigInteger),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("identity", sa.String(512)),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("created_by", sa.String(32), nullable=False),
        sa.Column("deactivated_at", sa.DateTime),
        sa.Column("signed_in_at", sa.DateTime),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        sa.UniqueConstraint("identity", name="uq_users_identity"),
        comment=(
            "Accounts. reseller_id NULL is the operator; identity is issuer and subject of an OpenID Connect provider."
        ),
    )
    op.create_index("ix_users_reseller_id", "users", ["reseller_id"])
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("remembered", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("browser", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        comment="Who is signed in where. digest is the SHA-256 of the token that the browser holds.",
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "tickets",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("created_by", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_tickets"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tickets_user_id", ondelete="CASCADE"),
        comment="One-time links with which a person sets a password. digest is the SHA-256 of the link's token.",
    )
    op.create_index("ix_tickets_user_id", "tickets", ["user_id"])
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_throttles"),
        comment=("How often something was tried until when (seconds since 1970), to slow down who tries too often."),
    )
    op.create_index("ix_throttles_expires_at", "throttles", ["expires_at"])
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(254), nullable=False),
        sa.Column("role", sa.String(60), nullable=False),
        sa.Column("reseller_id", sa.BigInteger),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(254), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        comment=("Who did what, when, from where: only ever added to. Rows older than AUDIT_KEEP_DAYS are deleted."),
    )
    for column in ("at", "act", "person_id"):
        op.create_index(f"ix_audit_{column}", "audit", [column])
    _protect_audit()


def _protect_audit() -> None:
    """Let the database itself refuse to change what was written down, or to delete what is less than a month old."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit "
            f"BEGIN SELECT RAISE(ABORT, '{_NOT_CHANGED}'); END"
        )
        op.execute(
            "CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit "
            f"WHEN unixepoch(OLD.at) > unixepoch('now') - {_MONTH_IN_SECONDS} "
            f"BEGIN SELECT RAISE(ABORT, '{_NOT_CHANGED}'); END"
        )
    else:
        op.execute(
            "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_NOT_CHANGED}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"
        )
        op.execute(
            "CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit FOR EACH ROW "
            f"WHEN (OLD.at > (now() AT TIME ZONE 'UTC') - interval '{_MONTH_IN_SECONDS} seconds') "
            "EXECUTE FUNCTION refuse_audit_change()"
        )


def downgrade() -> None:
    """Drop them again."""
    for table in ("audit", "throttles", "tickets", "sessions", "users", "roles", "link_people"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_audit_change()")
    with op.batch_alter_table("links") as links:
        links.drop_column("audience")
