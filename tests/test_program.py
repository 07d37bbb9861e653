"""The arrays against the same model as ordinary Pyomo, and the guard against unsafe numbers."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy.sparse import csc_array

from placement.cards import card
from placement.case import Case, read_case
from placement.errors import FormulationError
from placement.program import Program, assemble, build_sides
from placement.reference import to_pyomo
from tests.oracle.priced_cases import KINDS, priced_case
from tests.oracle.random_cases import random_case

THREE_SITES = Path(__file__).parents[1] / "data" / "three-sites"
CASES = ["three-sites", *range(60), *(f"{kind}-{seed}" for kind in KINDS for seed in range(4))]

Row = tuple[float, float, dict[str, float]]  # lower, upper, coefficients by column


def case_of(name: str | int) -> Case:
    """Return a random case by seed, one with pairs by kind and seed, or the committed one."""
    kind, _, seed = str(name).rpartition("-")
    if kind in KINDS:
        return priced_case(kind, int(seed))
    return random_case(name) if isinstance(name, int) else read_case(THREE_SITES)


def rows_of_arrays(p: Program) -> dict[str, Row]:
    """Return the rows of a program by name."""
    names = [p.column_name(j) for j in range(len(p.cost))]
    assert len(set(names)) == len(names)
    assert len(set(p.row_names)) == len(p.row_names) == p.matrix.shape[0]
    a = p.matrix.tocsr()
    return {
        row: (lower, upper, {names[j]: v for j, v in zip(a.indices[a.indptr[i] : a.indptr[i + 1]], a.data[a.indptr[i] : a.indptr[i + 1]], strict=True)})
        for i, (row, lower, upper) in enumerate(zip(p.row_names, p.row_lower.tolist(), p.row_upper.tolist(), strict=True))
    }


def rows_of_pyomo(form: Any) -> dict[str, Row]:
    """Return the rows that Pyomo's compiler makes, by the names that the arrays give them."""
    out: dict[str, Row] = {}
    a, names = form.A.tocsr(), [v.name for v in form.columns]
    for i, (constraint, bound) in enumerate(form.rows):
        family = constraint.parent_component().name
        index = constraint.index()
        name = {"resource": index, "serve": index, "requires": f"requires[{index}]"}.get(family, constraint.name)
        rhs = float(form.rhs[i])
        entries = {names[j]: v for j, v in zip(a.indices[a.indptr[i] : a.indptr[i + 1]], a.data[a.indptr[i] : a.indptr[i + 1]], strict=True)}
        assert name not in out
        out[name] = (rhs if bound <= 0 else -math.inf, rhs if bound >= 0 else math.inf, entries)
    return out


@pytest.mark.parametrize("name", CASES)
def test_arrays_equal_pyomo(name: str | int) -> None:
    """Coefficients, bounds of rows and columns, integrality, objective and offset are the same."""
    case = case_of(name)
    p = assemble(build_sides(case))[0]
    model = to_pyomo(case)  # the compiled rows hold only weak references to it
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    found, expected = rows_of_arrays(p), rows_of_pyomo(form)

    empty = {row for row, (_, _, entries) in found.items() if not entries}
    for row in empty - expected.keys():  # Pyomo skips a row that nothing can break
        assert found[row][0] <= 0 <= found[row][1]
    assert found.keys() - empty == expected.keys() - empty
    for row, (lower, upper, entries) in expected.items():
        # columns are not negative: that an optional workload is served at least 0 times needs no row in Pyomo
        implied = row.startswith("place_once[") and found[row][0] == 0 and lower == -math.inf
        assert (lower if implied else found[row][0], found[row][1]) == pytest.approx((lower, upper), rel=1e-12, abs=1e-12), row
        assert found[row][2] == pytest.approx({c: v for c, v in entries.items() if c != "nothing" and v != 0}, rel=1e-12), row

    names = [p.column_name(j) for j in range(len(p.cost))]
    boxes = dict(zip(names, zip(p.lower, p.upper, p.integer, p.cost, strict=True), strict=True))
    cost = np.asarray(form.c.todense()).ravel()
    compiled = {v.name: (v.lb, v.ub, not v.is_continuous(), c) for v, c in zip(form.columns, cost, strict=True) if v.name != "nothing"}
    assert boxes.keys() == compiled.keys()
    for column, (lb, ub, integer, musd) in compiled.items():
        assert boxes[column] == pytest.approx((lb, ub, integer, musd), rel=1e-12, abs=1e-15), column
    assert p.offset == pytest.approx(float(form.c_offset[0]), rel=1e-12, abs=1e-12)


def test_rows_that_nothing_can_meet_stay_in_pyomo() -> None:
    """Idle chips without any power, and demand that nobody can serve, make the model infeasible, not invalid."""
    case = case_of("three-sites")
    inference = ("metros", "services", "service_skus", "demand", "links")
    training = {t: df for t, df in case.tables.items() if t not in inference}
    away = case["grid"][case["grid"]["site"] != case["installed"]["domain"][0]]
    for changed in (
        training | {"skus": case["skus"].assign(idle_share=0.5), "grid": away},
        dict(case.tables) | {"services": case["services"].assign(slo_rtt_ms=0.1, unmet_usd_per_mtok=math.nan)},
    ):
        spoilt = replace(case, tables=changed)
        p, model = assemble(build_sides(spoilt))[0], to_pyomo(spoilt)
        found, expected = rows_of_arrays(p), rows_of_pyomo(LinearStandardFormCompiler().write(model, mixed_form=True))
        broken = {row for row, (lower, upper, entries) in found.items() if not entries and not lower <= 0 <= upper}
        assert broken
        assert all(set(expected[row][2]) == {"nothing"} and expected[row][:2] == found[row][:2] for row in broken)


@pytest.fixture(scope="module")
def program() -> Program:
    """Return a sound program to spoil."""
    return assemble(build_sides(read_case(THREE_SITES)))[0]


def spoiled(p: Program, value: float, entry: int) -> Any:
    """Return the matrix with one entry replaced."""
    matrix = csc_array(p.matrix.copy())
    matrix.data[entry] = value
    return matrix


@pytest.mark.parametrize("entry", [0, 7, -1])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e9, -1e12, 1e-9, -1e-10])
def test_unsafe_coefficient_is_refused_by_name(program: Program, value: float, entry: int) -> None:
    """NaN, infinite, huge and tiny coefficients are refused, with the row and the column that hold them."""
    at = entry % program.matrix.nnz
    row = program.row_names[program.matrix.indices[at]]
    column = program.column_name(int(np.flatnonzero(program.matrix.indptr <= at)[-1]))
    with pytest.raises(FormulationError, match=re.escape(f"row {row}, column {column}")):
        replace(program, matrix=spoiled(program, value, at))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_unsafe_cost_is_refused_by_name(program: Program, value: float) -> None:
    """A cost that is not a number is refused with its column, of supply or of demand."""
    for j in (0, len(program.cost) - 1):
        cost = program.cost.copy()
        cost[j] = value
        with pytest.raises(FormulationError, match=re.escape(program.column_name(j))):
            replace(program, cost=cost)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_unbounded_column_is_refused_by_name(program: Program, side: str) -> None:
    """Without a box around every column there is no safe bound."""
    bounds = getattr(program, side).copy()
    bounds[3] = math.inf if side == "upper" else -math.inf
    with pytest.raises(FormulationError, match=re.escape(f"column {program.column_name(3)} has no finite bounds")):
        replace(program, **{side: bounds})


@pytest.mark.parametrize("name", ["row_lower", "row_upper", "lower", "upper"])
def test_bound_that_is_no_number_is_refused(program: Program, name: str) -> None:
    """NaN in a bound is refused and the bound named with its row or column."""
    bounds = getattr(program, name).copy()
    bounds[0] = math.nan
    place = program.row_names[0] if name.startswith("row") else program.column_name(0)
    with pytest.raises(FormulationError, match=re.escape(f"NaN in {name}") + ".*" + re.escape(place)):
        replace(program, **{name: bounds})


def test_offset_that_is_no_number_is_refused(program: Program) -> None:
    """NaN in the constant of the objective would make every gap meaningless."""
    with pytest.raises(FormulationError, match="offset"):
        replace(program, offset=math.nan)


def test_unknown_block() -> None:
    """A card that names a block which does not exist is refused with those that do."""
    known = card("placement")
    with pytest.raises(FormulationError, match=r"unknown block \['gird'\]; known blocks: .*grid"):
        build_sides(read_case(THREE_SITES), replace(known, blocks=(*known.blocks, "gird")))


def test_left_out_block_with_tables() -> None:
    """A case with tables of a block that the card leaves out is refused: the tables would have no effect."""
    known = card("placement")
    fewer = replace(known, blocks=tuple(b for b in known.blocks if b != "fibre"))
    with pytest.raises(FormulationError, match=r"tables \['links'\] have no effect"):
        build_sides(read_case(THREE_SITES), fewer)


def test_unknown_model() -> None:
    """A case that names a model which does not exist is refused with those that do."""
    with pytest.raises(FormulationError, match=r"unknown model 'plan'; known models: .*placement"):
        build_sides(replace(read_case(THREE_SITES), model="plan"))


def test_sizes_and_names(program: Program) -> None:
    """Supply columns come first; sizes are those of the arrays."""
    sizes = program.sizes
    assert (sizes["rows"], sizes["columns"]) == program.matrix.shape
    assert sizes["supply_columns"] == len(program.supply_names) == (program.workload < 0).sum()
    assert sizes["integers"] == program.integer.sum()
    assert program.column_name(program.n_supply) == "x[0]"
