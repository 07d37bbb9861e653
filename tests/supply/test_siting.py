"""Opening and capacity of priced placements: variables, costs and amounts, and the rows that come of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from placement.case.case import Case, frame
from placement.program import Program, assemble, build_sides


def small(**other: Any) -> Case:
    """Two sites and one job, the second site open anyway and not limited."""
    rows = {
        "sites": [{"site": "a"}, {"site": "b"}],
        "jobs": [{"job": "j", "mandatory": True}],
        "pairs": [{"workload": "j", "site": "a", "cost_musd": 3, "use": 4}, {"workload": "j", "site": "b", "cost_musd": 9}],
        "capacity": [{"site": "a", "capacity": 5}],
        "siting": [{"site": "a", "opening_cost_musd": 2}],
    }
    return Case(name="small", start=2027 * 4, n_periods=1, tables={name: frame(name, records, 1) for name, records in rows.items()}, **other)


def without(case: Case, *tables: str) -> Case:
    """Return the case with some tables left out."""
    return replace(case, tables={n: t for n, t in case.tables.items() if n not in tables})


def rows(p: Program) -> dict[str, tuple[list[float], float, float]]:
    """Return coefficients and bounds of every row by name."""
    a = p.matrix.toarray()
    return {name: (a[i].tolist(), p.row_lower[i], p.row_upper[i]) for i, name in enumerate(p.row_names)}


def test_capacity_counts_once_the_site_is_open() -> None:
    """Columns: open[a], j at a, j at b; the unlimited site that stands open has neither capacity nor requires row."""
    p, _ = assemble(build_sides(small()))
    assert p.supply_names == ("open[a]",)
    assert p.cost.tolist() == [2, 3, 9] and p.integer.all()
    assert rows(p) == {
        "capacity[a]": ([-5, 4, 0], -np.inf, 0),
        "place_once[j]": ([0, 1, 1], 1, 1),
        "requires[0]": ([-1, 1, 0], -np.inf, 0),
    }


def test_without_siting_capacity_is_a_number() -> None:
    """Sites stand open; there is no decision but the placements."""
    p, variables = assemble(build_sides(without(small(), "siting")))
    assert not variables and p.n_supply == 0
    assert rows(p) == {"capacity[a]": ([4, 0], -np.inf, 5), "place_once[j]": ([1, 1], 1, 1)}


@pytest.mark.parametrize("cost", [0, 2])
def test_an_opening_that_only_columns_need(cost: float) -> None:
    """Without capacity and count, and free of charge, the decision is in no row of supply; it is still a column."""
    case = without(small(), "capacity")
    tables = dict(case.tables) | {"siting": case["siting"].assign(opening_cost_musd=float(cost)), "pairs": case["pairs"].assign(use=0.0)}
    p, variables = assemble(build_sides(replace(case, tables=tables)))
    assert [v.name for v in variables] == ["open[a]"]
    assert p.cost.tolist() == [cost, 3, 9]
    assert rows(p)["requires[0]"] == ([-1, 1, 0], -np.inf, 0)


def test_the_number_of_open_sites() -> None:
    """``open_sites`` is one row over all openings."""
    p, _ = assemble(build_sides(small(open_sites=1)))
    assert rows(p)["open_sites"] == ([1, 0, 0], 1, 1)


def test_weights_apply() -> None:
    """``[weights]`` replaces those of the card for placing and opening too."""
    p, _ = assemble(build_sides(small(weights={"placing": 2.0, "opening": 0.5})))
    assert p.cost.tolist() == [1, 6, 18]
