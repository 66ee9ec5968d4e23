"""The tables of our own records. A change here needs a migration (docs/records.md); a test compares the two.

Every record carries the :attr:`User.id` of its owner. Instants are naive UTC, JSON is canonical text
(data/store/canonical.py), so that it reads the same from SQLite and PostgreSQL and can be hashed.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION = "0001"
"""The newest migration: the state of the database that this program works with."""

# Constraints carry names so that a later migration can change them on every engine.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

contents = Table(
    "contents",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("codec", String(8), nullable=False),
    Column("size", Integer, nullable=False),
    Column("query", Text, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("generated_at", DateTime, nullable=False),
    comment="Frozen reports, each once: compressed JSON by its SHA-256. size is its bytes before compression.",
)
links = Table(
    "links",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("digest", LargeBinary(32), ForeignKey("contents.digest"), nullable=False, index=True),
    Column("origin_id", String(64), ForeignKey("links.id"), index=True),
    Column("owner_id", String, nullable=False),
    Column("role", String, nullable=False),
    Column("from_cache", Boolean, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("view", Text),
    Column("seal", LargeBinary(32), nullable=False),
    Column("expires_at", DateTime),
    Column("revoked_at", DateTime),
    Column("copied_at", DateTime),
    Column("last_opened_at", DateTime),
    Column("open_count", Integer, nullable=False),
    Index(None, "owner_id", "created_at"),
    Index(None, "copied_at", "last_opened_at", "created_at"),
    comment="Ways to a frozen report. seal is the SHA-256 of all that never changes once the link was shared.",
)
templates = Table(
    "templates",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String, nullable=False),
    Column("owner_name", String, nullable=False),
    Column("visibility", String(16), nullable=False),
    Column("audience", String, nullable=False, index=True),
    Column("title", String(100), nullable=False),
    Column("description", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("output_type", String(16), nullable=False),
    Column("send_to", Text, nullable=False),
    Column("view", Text),
    Column("runs_at_once", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False),
    UniqueConstraint("owner_id", "title"),
    comment="Saved questions. audience says who may see one (data/access.py).",
)
template_defaults = Table(
    "template_defaults",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("template_id", String(32), ForeignKey("templates.id", ondelete="CASCADE"), nullable=False, index=True),
    comment="The template that a person's form opens with.",
)
preferences = Table(
    "preferences",
    metadata,
    Column("user_id", String, primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", DateTime, nullable=False),
    comment="Small things the page remembers for a person.",
)
chart_presets = Table(
    "chart_presets",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String, nullable=False),
    Column("title", String(100), nullable=False),
    Column("spec", Text, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False),
    UniqueConstraint("owner_id", "title"),
    comment="Charts that a person kept to use again.",
)
