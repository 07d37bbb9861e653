"""Every published format that is read: an explicit list. A new format is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from placement.case import Case
from placement.case.findings import did_you_mean
from placement.errors import DataError, OptionError, Problem
from placement.instances import diaz, gap, holmberg, orlib_cap, tbed
from placement.instances.layout import Layout
from placement.instances.scan import WrongLength


@dataclass(frozen=True, slots=True)
class Format:
    """A published format: what it is called, the cards that such files are instances of (the usual one first), and an example."""

    layout: Layout
    title: str
    models: tuple[str, ...]
    read: Callable[..., Case]
    example: str

    @property
    def name(self) -> str:
        """The name that ``--format`` takes."""
        return self.layout.name

    @property
    def options(self) -> tuple[str, ...]:
        """The options that its reader takes besides the card."""
        needs = (("capacity", bool(self.layout.blank_capacity)), ("open_sites", "p_median" in self.models))
        return tuple(name for name, takes in needs if takes)


#: Every format by name.
FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            gap.LAYOUT,
            "generalised assignment: OR-Library gap1 .. gap12, gapa .. gapd; Yagiura et al.",
            gap.MODELS,
            gap.read_gap,
            "--format gap d20200 --model gap",
        ),
        Format(
            orlib_cap.LAYOUT,
            "facility location: OR-Library cap41 .. cap134, capa, capb, capc",
            orlib_cap.MODELS,
            orlib_cap.read_orlib_cap,
            "--format orlib-cap capa.txt --capacity 8000 --model cflp",
        ),
        Format(
            holmberg.LAYOUT,
            "facility location: Holmberg et al.; Yang et al.",
            holmberg.MODELS,
            holmberg.read_holmberg,
            "--format holmberg p1 --model sscflp",
        ),
        Format(diaz.LAYOUT, "facility location: Diaz and Fernandez", diaz.MODELS, diaz.read_diaz, "--format diaz p43 --model sscflp"),
        Format(
            tbed.LAYOUT,
            "facility location: TBED1 of Avella and Boccia, costs per unit of demand",
            tbed.MODELS,
            tbed.read_tbed,
            "--format tbed i300_1 --model sscflp",
        ),
    )
}


def read_instance(path: str | Path, format: str, *, model: str | None = None, capacity: float | None = None, open_sites: int | None = None) -> Case:
    """Read a published instance into an ordinary case.

    Parameters
    ----------
    path
        The file, plain or packed with gzip.
    format
        One of :data:`FORMATS`.
    model
        Model card; it decides whether workloads may be split and which of the file's numbers count. Default: the usual one of the format.
    capacity
        What to put where an ``orlib-cap`` file says ``capacity``, in units of demand.
    open_sites
        How many sites are opened; only with ``p_median``, which needs it.

    Returns
    -------
    Case
        An ordinary case whose sites are ``s1, s2, ...`` and whose workloads are ``w1, w2, ...`` in the order of the file.

    Raises
    ------
    DataError
        If the file is damaged or of another format; it names the place, what was expected there and a remedy.
    OptionError
        If the format is not known, or options, card and format do not fit.
    """
    if format not in FORMATS:
        raise OptionError(f"unknown format '{format}'. {did_you_mean(format, FORMATS)}")
    entry = FORMATS[format]
    options = {name: value for name, value in (("capacity", capacity), ("open_sites", open_sites)) if value is not None}
    for name in options:
        if name not in entry.options:
            raise OptionError(f"--{name.replace('_', '-')} is nothing that format {format} has; leave it out")
    try:
        return entry.read(path, model=model or entry.models[0], **options)
    except WrongLength as error:
        raise _with_rivals(error, entry) from None


def _with_rivals(error: WrongLength, entry: Format) -> DataError:
    """Return the error with the formats that do have as many numbers."""
    fitting = [f.name for f in FORMATS.values() if f is not entry and f.layout.length(error.first, error.second) == error.found]
    if not fitting:
        return error
    problem = error.problems[0]
    return DataError([Problem(problem.table, "", problem.rule, f"It has as many numbers as --format {' or '.join(fitting)} asks for: is it one of them?")])
