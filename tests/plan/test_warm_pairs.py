"""A plan for a case with pairs as the start of another solve."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import placement
from placement.plan.warm import start_values
from placement.program import assemble, build_sides
from tests.oracle.priced_cases import KINDS, best_cost, priced_case


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_case_starts_with_the_whole_plan(kind: str) -> None:
    """The start repeats openings, jobs and the shares of services: a feasible point at the plan's cost."""
    case = next(case for seed in range(9) if math.isfinite(best_cost(case := priced_case(kind, seed))))
    plan = placement.solve(case, time_limit_s=30)
    sides = build_sides(case)
    program, _ = assemble(sides)
    x = start_values(sides, program, plan.tables)
    assert program.cost @ x + program.offset == pytest.approx(plan.objective, abs=1e-6)
    activity = program.matrix @ x
    assert (activity >= program.row_lower - 1e-6).all() and (activity <= program.row_upper + 1e-6).all()


def test_another_case_starts_with_what_still_fits() -> None:
    """Workloads, sites and pairs that are gone are left out."""
    case = priced_case("sscflp", 1)
    plan = placement.solve(case, time_limit_s=30)
    gone = plan.training["site"].iloc[0]
    tables = {n: t[t["site"] != gone].reset_index(drop=True) if "site" in t else t for n, t in case.tables.items()}
    sides = build_sides(replace(case, tables=tables))
    program, _ = assemble(sides)
    x = start_values(sides, program, plan.tables)
    stay = plan.training["site"] != gone
    assert x[program.n_supply :].sum() == stay.sum()
    assert set(np.unique(x)) <= {0.0, 1.0}
    assert program.integer.all()
