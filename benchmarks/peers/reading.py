"""A published instance as arrays: the project's reader for the file, then nothing of the project but the case's tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.peers.problem import Problem
from placement.bench.files import check_bytes
from placement.bench.suites import Known, best_known, read_suite, suites_folder
from placement.case import Case
from placement.errors import OptionError
from placement.instances import read_instance

ALL = "all"


def entries(suite: str, only: list[str] | None) -> list[Known]:
    """Return the instances of a suite (``all``: every known one); ``only`` picks by name, ``name`` or ``model:name``, and then its order counts.

    Raises
    ------
    OptionError
        If a name is unknown or means several.
    """
    folder = suites_folder()
    pool = list(best_known(folder).values()) if suite == ALL else list(read_suite(suite, folder).entries)
    if not only:
        return pool
    picked = []
    for name in only:
        model, _, instance = name.rpartition(":")
        found = [e for e in pool if instance in (e.instance, e.instance.rpartition("/")[2]) and model in ("", e.model)]
        if len(found) != 1:
            raise OptionError(f"--only {name}: {len(found)} such instances in suite {suite}; write MODEL:SET/NAME, as in cflp:tbed1/i500_3")
        picked += found
    return picked


def read(entry: Known, path: Path) -> Problem:
    """Return the arrays of an instance.

    Raises
    ------
    DataError
        If the file cannot be read, or is not, byte for byte, the one that the best-known value belongs to.
    """
    case = read_instance(path, entry.file.format, model=entry.model, capacity=entry.capacity)
    check_bytes(entry.file, path, str(case.origin["file_sha256"]))
    return from_case(case)


def from_case(case: Case) -> Problem:
    """Return the arrays of a case of one period with tables ``pairs``, and ``capacity`` and ``siting`` where it has them."""
    tables = case.tables
    whole = len(tables.get("jobs", ())) > 0
    sites = tables["sites"]["site"].tolist()
    workloads = tables["jobs"]["job"].tolist() if whole else tables["services"]["service"].tolist()
    pairs = tables["pairs"]
    i = pairs["site"].map({s: k for k, s in enumerate(sites)}).to_numpy(int)
    j = pairs["workload"].map({w: k for k, w in enumerate(workloads)}).to_numpy(int)
    cost, use = np.full((len(sites), len(workloads)), np.inf), np.zeros((len(sites), len(workloads)))
    cost[i, j], use[i, j] = pairs["cost_musd"], pairs["use"]
    capacity, opening = np.full(len(sites), np.inf), np.zeros(len(sites))
    siting = "siting" in tables and len(tables["siting"]) > 0
    if "capacity" in tables and len(tables["capacity"]):
        capacity = tables["capacity"].set_index("site")["capacity"].reindex(sites).fillna(np.inf).to_numpy(float)
    if siting:
        opening = tables["siting"].set_index("site")["opening_cost_musd"].reindex(sites).fillna(0.0).to_numpy(float)
    return Problem(
        cost=cost, use=use, capacity=capacity, open_cost=opening, siting=siting, whole=whole, sites=tuple(sites), workloads=tuple(workloads)
    )  # fmt: skip
