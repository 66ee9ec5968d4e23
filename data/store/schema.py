"""The tables of our own records. A change here needs a migration (docs/records.md); a test compares the two.

Every record carries the :attr:`User.id` of its owner. Instants are naive UTC, JSON is canonical text
(data/store/canonical.py), so that it reads the same from SQLite and PostgreSQL and can be hashed.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
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

SCHEMA_VERSION = "0006"
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
    Column("audience", String, nullable=False, server_default="everyone"),
    Index(None, "owner_id", "created_at"),
    Index(None, "copied_at", "last_opened_at", "created_at"),
    comment="Ways to a frozen report. seal is the SHA-256 of all that never changes once the link was shared.",
)
link_people = Table(
    "link_people",
    metadata,
    Column("link_id", String(64), ForeignKey("links.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(32), primary_key=True),
    comment="Who may open a link whose audience is people, beside its owner.",
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
roles = Table(
    "roles",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("rights", Text, nullable=False),
    Column("created_at", DateTime, nullable=False),
    comment="Roles of an installation's own beside the built-in ones: named sets of rights, as JSON.",
)
users = Table(
    "users",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("role", String(60), nullable=False),
    Column("reseller_id", BigInteger, index=True),
    Column("password_hash", String(255)),
    Column("identity", String(512), unique=True),
    Column("created_at", DateTime, nullable=False),
    Column("created_by", String(32), nullable=False),
    Column("deactivated_at", DateTime),
    Column("signed_in_at", DateTime),
    comment="Accounts. reseller_id NULL is the operator; identity is issuer and subject of an OpenID Connect provider.",
)
sessions = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("user_id", String(32), ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("remembered", Boolean, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("seen_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False, index=True),
    Column("address", String(64), nullable=False),
    Column("browser", String(200), nullable=False),
    comment="Who is signed in where. digest is the SHA-256 of the token that the browser holds.",
)
tickets = Table(
    "tickets",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("user_id", String(32), ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_by", String(32), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    comment="One-time links with which a person sets a password. digest is the SHA-256 of the link's token.",
)
throttles = Table(
    "throttles",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
    comment="How often something was tried until when (seconds since 1970), to slow down who tries too often.",
)
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", DateTime, nullable=False, index=True),
    Column("act", String(40), nullable=False, index=True),
    Column("person_id", String(32), nullable=False, index=True),
    Column("person", String(254), nullable=False),
    Column("role", String(60), nullable=False),
    Column("reseller_id", BigInteger),
    Column("address", String(64), nullable=False),
    Column("subject", String(254), nullable=False),
    Column("detail", Text, nullable=False),
    comment="Who did what, when, from where: only ever added to. Rows older than AUDIT_KEEP_DAYS are deleted.",
)
jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String(32), nullable=False, index=True),
    Column("title", String(200), nullable=False),
    Column("asked", Text, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("stage", String(200), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", String(32)),
    Column("withdrawn", Boolean, nullable=False),
    Column("created_at", DateTime, nullable=False, index=True),
    Column("started_at", DateTime),
    Column("heard_at", DateTime),
    Column("finished_at", DateTime),
    Column("fault", Text),
    Column("row_count", Integer),
    Column("link_id", String(64)),
    comment="Reports that a worker makes. worker is the one that has it, heard_at when it last said that it lives.",
)
files = Table(
    "files",
    metadata,
    Column("job_id", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("mime", String(120), nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("summary", Text),
    Column("scope", String(64)),
    comment="What a job made: downloaded and mailed from here, the same bytes.",
)
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("job_id", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("address", String(254), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("next_at", DateTime),
    Column("begun_at", DateTime),
    Column("ended_at", DateTime),
    Column("said", Text, nullable=False),
    UniqueConstraint("job_id", "address"),
    comment="A job's mail to one address: state, and what the mail server said last.",
)
outbox = Table(
    "outbox",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String(32), nullable=False, index=True),
    Column("at", DateTime, nullable=False),
    Column("address", String(254), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("message", LargeBinary, nullable=False),
    comment="Mail that would have been sent, where no mail server is set up.",
)
tokens = Table(
    "tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("user_id", String(32), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("rights", Text, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    Column("used_at", DateTime),
    comment="Personal access tokens of the API. digest is the SHA-256 of the token, rights what it may do at most.",
)
schedules = Table(
    "schedules",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String(32), nullable=False, index=True),
    Column("template_id", String(32), nullable=False),
    Column("title", String(200), nullable=False),
    Column("plan", Text, nullable=False),
    Column("paused", Text),
    Column("next_at", DateTime, nullable=False, index=True),
    Column("created_at", DateTime, nullable=False),
    comment="Templates that are run at set times. plan is when and what for, paused says why it does not run.",
)
schedule_runs = Table(
    "schedule_runs",
    metadata,
    Column("schedule_id", String(32), ForeignKey("schedules.id", ondelete="CASCADE"), primary_key=True),
    Column("due_at", DateTime, primary_key=True),
    Column("begun_at", DateTime, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("job_id", String(32), nullable=False, index=True),
    Column("said", Text, nullable=False),
    comment="Each time that a schedule was due and run, once, by whichever worker came first.",
)
unsubscribes = Table(
    "unsubscribes",
    metadata,
    Column("schedule_id", String(32), ForeignKey("schedules.id", ondelete="CASCADE"), primary_key=True),
    Column("address", String(254), primary_key=True),
    Column("at", DateTime, nullable=False),
    comment="Addresses that do not want the mails of a schedule any more.",
)
