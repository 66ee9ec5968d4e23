"""The command line (semantics, section 7): one file for each group of commands, registered here."""

from __future__ import annotations

from flask import Flask

from data.commands import demo, records, report, users, warehouse, worker


def register(server: Flask) -> None:
    """Add every command to the application's own Flask CLI."""
    for room in (warehouse, report, demo, records, users, worker):
        for command in room.commands:
            server.cli.add_command(command)
