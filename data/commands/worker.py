"""`flask worker`: makes reports in the background, sends them, and looks after what other workers lost."""

from __future__ import annotations

import logging
import os
import threading
import time

import click
import flask

from data.commands.command import PlainCommand
from data.delivery.worker import Worker
from data.services import Services


@click.command("worker", cls=PlainCommand)
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 64), help="How many jobs at a time.")
@click.option("--parent", type=int, help="Id of the process that started this one: end when it has ended.")
def worker(threads: int, parent: int | None) -> None:
    """Work on queued reports and mails until the process is told to end."""
    services = flask.current_app.extensions["customer_dynamics"]
    assert isinstance(services, Services)
    logging.getLogger("huey").setLevel(logging.WARNING)
    mine = Worker(services)
    huey = services.queue.serve(mine)
    if parent is not None:
        # Its id is told, since it may have ended before this process came as far as to ask for it.
        threading.Thread(target=_end_with, args=(parent,), name="end with parent", daemon=True).start()
    mine.look_after()  # what was left when the last worker ended is not kept waiting for a minute
    huey.create_consumer(workers=threads, worker_type="thread", max_delay=0.5, scheduler_interval=1).run()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


commands: tuple[click.Command, ...] = (worker,)
