"""The key that sessions are signed with: a setting, or made once and kept privately beside the embedded records."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from data.errors import UserError
from data.settings import Settings

LEAST = 32
_FILE = "secret.key"


def secret_key(settings: Settings) -> str:
    """The installation's key, the same for all its processes. Raises :class:`UserError` when it has to be set."""
    if settings.secret_key:
        if len(settings.secret_key) < LEAST:
            raise UserError(f"SECRET_KEY is too short: give it {LEAST} random characters or more.")
        return settings.secret_key
    if settings.database_url:
        raise UserError(
            "SECRET_KEY is needed with DATABASE_URL, so that every server signs sessions alike: set it to 32 random "
            'characters or more, as `python -c "import secrets; print(secrets.token_urlsafe(48))"` makes them.'
        )
    return _kept(settings.folder / _FILE)


def _kept(file: Path) -> str:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        # Whole or not at all, and whoever comes first decides: several server processes start at once.
        unfinished = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(48))
        try:
            os.link(unfinished, file)
        except FileExistsError:
            pass
        finally:
            unfinished.unlink()
    return file.read_text().strip()
