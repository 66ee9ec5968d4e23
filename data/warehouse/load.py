"""Loads files into the warehouse: read, checked, and then published whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.outputs import check_output
from data.report.period import check_zone
from data.settings import Settings
from data.warehouse.checks import Checks
from data.warehouse.engines import warehouse_url
from data.warehouse.files import find_files, open_files
from data.warehouse.notation import Notation
from data.warehouse.publish import Target, hold
from data.warehouse.rejects import write_rejects
from data.warehouse.schema import DATASET
from data.warehouse.source import Source

Progress = Callable[[str, int, int], None]
"""Told what begins, how many steps are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class TableSummary:
    """How the rows of one table fared: each is new, replaced, unchanged, a copy of another, or rejected."""

    table: str
    read: int
    new: int
    replaced: int
    unchanged: int
    rejected: int = 0

    def __str__(self) -> str:
        fates = [f"{self.new:,} new", f"{self.replaced:,} replaced", f"{self.unchanged:,} unchanged"]
        if self.rejected:
            fates.append(f"{self.rejected:,} rejected")
        return f"{self.table}: {self.read:,} {'row' if self.read == 1 else 'rows'} read, {', '.join(fates)}"


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What a load did. ``version`` is the name of the state that it made; None when nothing changed."""

    version: str | None
    tables: tuple[TableSummary, ...]
    warnings: tuple[str, ...] = ()


def load_folder(
    settings: Settings,
    path: Path | str,
    *,
    keep_going: bool = False,
    rejects: Path | str | None = None,
    progress: Progress | None = None,
    source: str | None = None,
    notation: Notation | None = None,
) -> LoadSummary:
    """Load a folder of the dataset's files, or one of them; ``source`` is what the list of loads will call it.

    One bad row means that nothing is kept and :class:`~data.warehouse.rejects.BadRows` is raised, unless
    ``keep_going``: then the good rows are kept. ``rejects`` names a file for the bad ones. Files that cannot be read
    at all raise :class:`~data.warehouse.rejects.LoadRefused` in any case. ``notation`` tells how values are written.
    """
    folder = Path(path).absolute()
    warehouse_url(settings)
    findings = find_files(folder)
    if rejects is not None:
        rejects = check_output(Path(rejects), "rejects", settings, findings.inputs(folder, Path(rejects)))
    return load_sources(
        settings,
        lambda target: open_files(findings, target.folder, target.connection, notation or Notation()),
        source or str(folder),
        keep_going=keep_going,
        rejects=rejects,
        progress=progress,
    )


def load_sources(
    settings: Settings,
    find: Callable[[Target], Sequence[Source]],
    name: str,
    *,
    keep_going: bool = False,
    rejects: Path | str | None = None,
    progress: Progress | None = None,
) -> LoadSummary:
    """Load what ``find`` finds; see :func:`load_folder`."""
    url = warehouse_url(settings)
    steps = _Steps(progress)
    with hold(url, steps.tell, keep=settings.warehouse_keep, zones=zones_of(settings)) as target:
        sources = find(target)
        tables = list(dict.fromkeys(source.table for source in sources))
        # Reading each file, checking and building each table, publishing.
        built = len(DATASET) if url.get_backend_name() == "duckdb" else len(tables)
        steps.total = len(sources) + len(tables) + built + 1
        target.bring(tables)
        checks = Checks(target.connection, sources, target)
        for source in sources:
            steps.begin(f"Reading {source.label}")
            checks.stage(source)
        checked = {}
        for table in tables:
            labels = [source.label for source in sources if source.table == table]
            steps.begin(f"Checking {labels[0] if len(labels) == 1 else f'{table}, {len(labels):,} files'}")
            checked[table] = checks.check(table)
        # Lines are looked up in the files once more, and half a file is none.
        for source in sources:
            source.check_unchanged()
        if rejects is not None:
            write_rejects(Path(rejects), checks.bad_rows())
        if not keep_going and checks.has_faults():
            raise checks.refusal()
        version, changes = target.publish(tables, name, steps.begin)
    steps.end()
    return LoadSummary(
        version,
        tuple(
            TableSummary(
                table,
                checked[table].read,
                changes[table].new,
                changes[table].replaced,
                changes[table].unchanged,
                checked[table].rejected,
            )
            for table in tables
        ),
        _warnings(sources),
    )


def _warnings(sources: Sequence[Source]) -> tuple[str, ...]:
    """What is to be said of the files; of the parts of a table the same thing but once."""
    said: dict[tuple[str, str], list[str]] = {}
    for source in sources:
        for warning in (*source.warnings, *_skipped(source)):
            label = source.label if warning.startswith(f"{source.label}: ") else ""
            said.setdefault((source.table, warning.removeprefix(label)), []).append(label)
    return tuple(
        f"{labels[0]}{f' and {len(labels) - 1:,} more' if len(labels) > 1 else ''}{words}"
        for (_, words), labels in said.items()
    )


def _skipped(source: Source) -> Sequence[str]:
    rows = "a row" if source.skipped == 1 else f"{source.skipped:,} rows"
    return (f"{source.label}: skipped {rows} without any value.",) if source.skipped else ()


def rebuild(settings: Settings, *, progress: Progress | None = None) -> str | None:
    """Publish the live data once more with all that reports read beside it; the version's name.

    None if there is nothing to do: no data, or none that an earlier program loaded.
    """
    url = warehouse_url(settings)
    steps = _Steps(progress)
    with hold(url, steps.tell, keep=settings.warehouse_keep, zones=zones_of(settings)) as target:
        target.bring(())
        if not target.outdated:
            return None
        steps.total = len(DATASET) + 1
        version, _ = target.publish((), "rebuilt for a later version of the program", steps.begin)
    steps.end()
    return version


def zones_of(settings: Settings) -> tuple[str, ...]:
    """The time zones that ``ZONES`` names; raises :class:`UserError` for one that is none."""
    names = (name.strip() for name in settings.zones.split(","))
    return tuple(check_zone(name, field="ZONES") for name in names if name)


class _Steps:
    """Counts what a load has behind it."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress or (lambda what, done, total: None)
        self._done = -1
        self.total = 1

    def tell(self, what: str) -> None:
        self._progress(what, max(self._done, 0), self.total)

    def begin(self, what: str) -> None:
        self._done = min(self._done + 1, self.total)
        self.tell(what)

    def end(self) -> None:
        self._done = self.total
        self.tell("Done")
