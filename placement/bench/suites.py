"""Suites of published instances, and what is known of each: read from ``benchmarks/published`` of a checkout, or from the package."""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from placement.case.findings import did_you_mean
from placement.errors import FormulationError, OptionError

FILES, KNOWN = "files.csv", "best_known.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """Where a file is published and how it is recognised."""

    file: str  # path below a folder of instances, such as gap/chu1997/d05100
    format: str
    sha256: str  # of the unpacked bytes
    url: str  # of exactly these bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The best value and bound in the literature for an instance under a model card."""

    instance: str
    model: str
    sites: int
    workloads: int
    capacity: float | None
    value: float
    bound: float
    proven: bool  # the value is an optimum
    file: PublishedFile
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Instances that are run and reported together, and how."""

    name: str
    title: str
    time_limit_s: float
    seeds: tuple[int, ...]
    entries: tuple[Known, ...]


def suites_folder() -> Path:
    """Return where the suites are: ``placement/suites`` of an installed placement, else ``benchmarks/published`` of the checkout."""
    package = Path(__file__).parent.parent
    installed = package / "suites"  # package data, like the model cards
    return installed if installed.is_dir() else package.parent / "benchmarks" / "published"


def suite_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the suites in a folder.

    Raises
    ------
    FormulationError
        If there are none.
    """
    names = tuple(sorted(path.stem for path in folder.glob("*.toml")))
    if not names or not (folder / KNOWN).is_file():
        raise FormulationError(f"no benchmark suites in {folder}; install placement again, or run from a checkout")
    return names


def read_suite(name: str, folder: Path) -> Suite:
    """Return a suite with what is known of its instances.

    Raises
    ------
    OptionError
        If there is no suite of that name.
    FormulationError
        If its description is inconsistent.
    """
    names = suite_names(folder)
    if name not in names:
        raise OptionError(f"unknown suite '{name}'. {did_you_mean(name, names)}")
    text = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    known = best_known(folder)
    wanted = [(instance, model) for model, instances in text["instances"].items() for instance in instances]
    missing = [f"{instance} ({model})" for instance, model in wanted if (instance, model) not in known]
    if missing:
        raise FormulationError(f"suite {name}: not in {KNOWN}: {', '.join(missing)}")
    entries = tuple(known[key] for key in wanted)
    return Suite(name=name, title=text["title"], time_limit_s=float(text["time_limit_s"]), seeds=tuple(text["seeds"]), entries=entries)


def best_known(folder: Path) -> Mapping[tuple[str, str], Known]:
    """Return what is known, by instance and model card."""
    files = {row["file"]: PublishedFile(**{k: row[k] for k in ("file", "format", "sha256", "url")}) for row in _rows(folder / FILES)}
    return {(row["instance"], row["model"]): _known(row, files) for row in _rows(folder / KNOWN)}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _known(row: dict[str, str], files: Mapping[str, PublishedFile]) -> Known:
    return Known(
        instance=row["instance"],
        model=row["model"],
        sites=int(row["sites"]),
        workloads=int(row["workloads"]),
        capacity=float(row["capacity"]) if row["capacity"] else None,
        value=float(row["value"]),
        bound=float(row["bound"]) if row["bound"] else -math.inf,
        proven=row["proven"] == "1",
        file=files[row["file"]],
        source=row["source"],
    )


def chosen(suite: Suite, only: list[str] | None) -> tuple[Known, ...]:
    """Return the entries of a suite that are asked for by full name or by its last part.

    Raises
    ------
    OptionError
        If a name is not in the suite.
    """
    if not only:
        return suite.entries
    names = {name for entry in suite.entries for name in (entry.instance, entry.instance.rpartition("/")[2])}
    for name in only:
        if name not in names:
            raise OptionError(f"--only {name}: suite {suite.name} has no such instance. {did_you_mean(name, names)}")
    return tuple(e for e in suite.entries if e.instance in only or e.instance.rpartition("/")[2] in only)
