"""Columns of priced placements against plain loops; a quarter of a million of them in about a second."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from placement.case import Case
from placement.demand import build_demand
from placement.errors import FormulationError
from placement.program import RowKeys, assemble, build_sides
from placement.rules import Scope
from tests.oracle.priced_cases import KINDS, big_case, priced_case

CASES = [(kind, seed) for kind in KINDS for seed in range(6)]


def changed(case: Case, table: str, **columns: object) -> Case:
    """Return the case with columns of one table replaced."""
    return replace(case, tables=dict(case.tables) | {table: case[table].assign(**columns)})


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_columns_are_those_of_loops(kind: str, seed: int) -> None:
    """One column per pair that fits, with its cost, use, workload, and the opening that it requires."""
    case = priced_case(kind, seed)
    demand = build_demand(Scope(case))
    columns, jobs = demand.columns, list(case["jobs"]["job"])
    workloads = jobs + list(case["services"]["service"])
    room = dict(zip(case["capacity"]["site"], case["capacity"]["capacity"], strict=True))
    expected = []
    for r in case["pairs"].itertuples():
        if r.workload in jobs and r.use > room.get(r.site, np.inf):
            continue
        code = list(case["sites"]["site"]).index(r.site)
        gate = (("open", code),) if r.site in set(case["siting"]["site"]) else ()
        use = ((("capacity", code), r.use),) if r.use else ()
        expected.append((workloads.index(r.workload), r.cost_musd, r.workload in jobs, use, gate))
    found = []
    for j in range(len(columns)):
        mine = columns.use.col == j
        use = tuple((demand.resources.decode(int(c)), v) for c, v in zip(columns.use.row[mine], columns.use.value[mine], strict=True))
        rows = columns.requires.row[columns.requires.col == j]
        gate = tuple(demand.decisions.decode(int(columns.requires_decision[i])) for i in rows)
        found.append((int(columns.serve_row[j]), columns.cost_musd["placing"][j], bool(columns.integer[j]), use, gate))
    assert found == expected
    assert (columns.requires.value == 1).all() and len(np.unique(columns.requires.row)) == len(columns.requires_decision)
    assert (columns.serve[["lower", "upper"]] == 1).all(axis=None)
    assert list(columns.serve["label"]) == [f"{'place_once' if w in jobs else 'serve_all'}[{w}]" for w in workloads]
    assert len(demand.exclusions) == len(case["pairs"]) - len(columns)


def test_a_service_may_be_larger_than_a_site() -> None:
    """Only jobs go whole; a part of a service may fit."""
    case = changed(priced_case("cflp", 0), "capacity", capacity=0.5)
    assert len(build_demand(Scope(case)).columns) == len(case["pairs"])
    case = changed(priced_case("sscflp", 0), "capacity", capacity=0.5)
    assert not len(build_demand(Scope(case)).columns)


def test_a_job_that_fills_a_site_fits() -> None:
    """Rounding of use and capacity does not exclude a pair."""
    case = changed(priced_case("gap", 0), "pairs", use=0.1 + 0.2)
    assert len(build_demand(Scope(changed(case, "capacity", capacity=0.3))).columns) == len(case["pairs"])


def test_unsound_cases_are_refused() -> None:
    """A case made in memory is not checked on reading; what would be ignored, or fail somewhere else, is refused here."""
    case = priced_case("sscflp", 0)
    with pytest.raises(FormulationError, match=r"nobody/s0 names a workload or site that the case does not have"):
        build_sides(changed(case, "pairs", workload=["nobody", *case["pairs"]["workload"][1:]]))
    with pytest.raises(FormulationError, match=r"has no row in the table capacity"):
        build_sides(replace(case, tables={n: t for n, t in case.tables.items() if n != "capacity"}))
    with pytest.raises(FormulationError, match=r"tables \['capacity'\] have no effect under model 'uflp'"):
        build_sides(replace(case, model="uflp"))


def test_many_pairs_are_built_quickly() -> None:
    """250 000 columns and as many requires rows take half a second (the limit leaves room for a busy machine); their keys are not made."""
    case = big_case(500, 500)
    begin = time.perf_counter()
    program, variables = assemble(build_sides(case))
    assert time.perf_counter() - begin < 4
    assert (len(program.cost), len(variables)) == (250_500, 500)
    assert len(program.row_keys) == 500 + 500 + 250_000
    assert isinstance(program.row_keys, RowKeys) and len(program.row_keys._named) == 1000
    assert program.row_name(0) == "capacity[s0]" and program.row_name(500) == "place_once[w0]" and program.row_name(250_999) == "requires[249999]"
    assert program.row_keys[-1] == ("requires", 249_999) and list(program.row_keys[999:1001]) == [("place_once[w499]",), ("requires", 0)]
    with pytest.raises(IndexError):
        program.row_keys[251_000]
