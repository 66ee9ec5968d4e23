"""Every setting, typed and read from the environment once. docs/settings.md lists them; a test keeps both in step."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from data.errors import UserError


def _setting(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Settings:
    """How one installation runs. Every field is an environment variable of the same name in capitals."""

    warehouse_url: str = _setting("", "Where the data lives, an SQLAlchemy URL; empty means DuckDB under VAR_DIR.")
    warehouse_keep: int = _setting(3, "How many earlier versions of an embedded warehouse are kept for rollback.")
    database_url: str = _setting("", "Where our own records live; empty means SQLite under VAR_DIR.")
    zones: str = _setting(
        "UTC", "Time zones, with commas between, whose reports every load makes fast; others follow once they are used."
    )
    check_sources: int = _setting(
        0, "1 answers each report from the transactions too, and writes an alarm to the log if the figures differ."
    )
    answer_first: int = _setting(
        1, "1 answers what the form opens with as soon as the page is opened; 0 waits until somebody presses Query."
    )
    base_currency: str = _setting("EUR", "The currency whose rate is always 1.")
    var_dir: str = _setting("var", "Folder of the embedded warehouse, records and cache.")
    cache_type: str = _setting("", "Flask-Caching type: FileSystemCache (default), SimpleCache, RedisCache, NullCache.")
    cache_seconds: int = _setting(3600, "How long an answer may be served from the cache, in seconds.")
    redis_url: str = _setting("", "Redis for the cache, needed with CACHE_TYPE=RedisCache.")
    link_keep_days: int = _setting(90, "Days after which a link that was never copied nor opened may be cleaned up.")
    sign_in: str = _setting(
        "password",
        "How people sign in: password, oidc (an OpenID Connect provider alone), both, or none for one person on "
        "their own machine (refused with any address but the loopback).",
    )
    secret_key: str = _setting(
        "",
        "What sessions are signed with, 32 random characters or more; the embedded default makes one and keeps it "
        "privately under VAR_DIR, with DATABASE_URL it must be given.",
    )
    oidc_issuer: str = _setting("", "OpenID Connect provider, its issuer: https://login.example.com/realm.")
    oidc_client_id: str = _setting("", "What the provider knows this application by.")
    oidc_client_secret: str = _setting("", "The secret that the provider gave for it.")
    oidc_name: str = _setting("your company account", "What the sign-in page calls the provider.")
    smtp_host: str = _setting("", "Server that mail is sent through; without it none is sent.")
    smtp_port: int = _setting(587, "Its port.")
    smtp_security: str = _setting("starttls", "How it is spoken to: starttls, tls or none.")
    smtp_user: str = _setting("", "Name to log in with there; none unless given.")
    smtp_password: str = _setting("", "Password to log in with there.")
    smtp_ca_file: str = _setting("", "File of the certificates that its own is checked against; the system's if empty.")
    mail_from: str = _setting("", "Who mail comes from, like Customer Dynamics <reports@example.com>.")
    mail_domains: str = _setting(
        "", "Domains that reports may be sent to, like example.com, partner.org; any domain if empty."
    )
    mail_attach_mb: int = _setting(
        10, "Largest file, in megabytes, that a mail carries; of a larger one it has the link."
    )
    file_keep_days: int = _setting(14, "Days that files made in the background, and mails of the outbox, are kept.")
    session_hours: int = _setting(12, "Hours after which a person who did nothing is signed out.")
    remember_days: int = _setting(30, "The same in days for a person who asked to be remembered.")
    audit_keep_days: int = _setting(400, "Days that the audit log is kept; 31 at least.")
    public_url: str = _setting(
        "", "Address at which people reach the page, like https://reports.example.com; for links."
    )
    trusted_hosts: str = _setting(
        "",
        "Names by which people reach this server, beside localhost, HOST and the name in PUBLIC_URL: a list with "
        "commas; .example.com stands for all names below it, * for any.",
    )
    trusted_proxies: int = _setting(
        0, "How many proxies stand before this server, whose X-Forwarded-For, -Proto and -Host are believed."
    )
    host: str = _setting("127.0.0.1", "Address that `make run` serves on.")
    port: int = _setting(8050, "Port that `make run` serves on.")
    events: str = _setting(
        "",
        "Where a line of JSON for each report, load, export and incident goes: a file, or - for standard error. "
        "Empty: standard error of the server, and nothing of commands.",
    )
    metrics_path: str = _setting(
        "", "Address at which Prometheus finds figures of this server, like /metrics; empty for none."
    )
    log_level: str = _setting("INFO", "Least severe log level that is written.")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings; raises :class:`UserError` naming the variable when a number is not one."""
        source = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for item in fields(cls):
            text = source.get(item.name.upper(), "").strip()
            if not text:
                continue
            if item.type == "int":
                try:
                    values[item.name] = int(text)
                except ValueError:
                    raise UserError(f"{item.name.upper()} must be a whole number, not {text!r}.") from None
            else:
                values[item.name] = text
        return cls(**values)

    @property
    def folder(self) -> Path:
        """The folder for everything this installation keeps on disk, absolute."""
        return Path(self.var_dir).absolute()

    @property
    def recipient_domains(self) -> tuple[str, ...]:
        """The domains that reports may be sent to; empty for any."""
        return tuple(part.strip().casefold() for part in self.mail_domains.split(",") if part.strip())

    def check_recipient(self, address: str) -> None:
        """Raises :class:`UserError` for an e-mail address outside the domains that reports may be sent to."""
        allowed = self.recipient_domains
        domain = address.rpartition("@")[2].casefold()
        if allowed and domain not in allowed:
            raise UserError(
                f"{address} is outside the domains that reports may be sent to ({', '.join(allowed)}): "
                "choose another address, or ask your administrator.",
                field="send-to",
            )

    @property
    def address(self) -> str:
        """Where people reach the page, for links in mail and on the command line, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def warehouse(self) -> str:
        """The warehouse's URL with the embedded default filled in."""
        return self.warehouse_url or f"duckdb:///{self.folder / 'warehouse.duckdb'}"

    @property
    def database(self) -> str:
        """The records' URL with the embedded default filled in."""
        return self.database_url or f"sqlite:///{self.folder / 'records.sqlite'}"
