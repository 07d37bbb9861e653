"""The checker on a hand-made plan for a case with pairs: accepted at the cost worked out by hand, and every corruption named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from placement.case.case import Case, frame
from placement.plan.checker import check, read_tables

Tables = dict[str, pd.DataFrame]
WEIGHTS = {"placing": 1.0, "opening": 1.0}

CASE = Case(
    name="hand", start=2027 * 4, n_periods=1, open_sites=2, cost_unit="k$", weights={"opening": 2.0},
    tables={
        name: frame(name, rows, 1)
        for name, rows in {
            "sites": [{"site": s} for s in "abcd"],
            "jobs": [{"job": "j1", "mandatory": True}, {"job": "j2", "mandatory": True}],
            "services": [{"service": "v"}],
            "capacity": [{"site": "a", "capacity": 10}, {"site": "b", "capacity": 6}],
            "siting": [{"site": "a", "opening_cost_musd": 7}, {"site": "b", "opening_cost_musd": 5}, {"site": "c", "opening_cost_musd": 1}],
            "pairs": [
                {"workload": "j1", "site": "a", "cost_musd": 4, "use": 6}, {"workload": "j1", "site": "b", "cost_musd": 3, "use": 5},
                {"workload": "j2", "site": "b", "cost_musd": 2, "use": 5}, {"workload": "j2", "site": "c", "cost_musd": 1},
                {"workload": "j2", "site": "d", "cost_musd": 50}, {"workload": "v", "site": "a", "cost_musd": 20, "use": 12},
                {"workload": "v", "site": "d", "cost_musd": 30}, {"workload": "v", "site": "b", "cost_musd": 9, "use": 1},
            ],
        }.items()
    },
)  # fmt: skip

# j1 at a (6 of 10), j2 at b (5 of 6), v a third at a (4 of 10) and two thirds at d, which stands open: 4 + 2 + 20/3 + 60/3; 7 + 5, which count twice.
PLACING, OPENING = 4 + 2 + 20 / 3 + 60 / 3, 12.0
OBJECTIVE = PLACING + 2 * OPENING


def make_plan() -> Tables:
    """The hand-made plan as text tables."""
    third = repr(1 / 3)
    jobs = [("j1", "a", "", "", "2027Q1", "2027Q1", "6", "", "", ""), ("j2", "b", "", "", "2027Q1", "2027Q1", "5", "", "", "")]
    services = [("v", "", "2027Q1", "a", "", third, "4", ""), ("v", "", "2027Q1", "d", "", repr(2 / 3), "0", "")]
    return {
        "training": pd.DataFrame(
            jobs, columns=["job", "site", "domain", "sku", "start", "end", "units", "value_musd", "nominal_units", "goodput"], dtype=object
        ),
        "inference": pd.DataFrame(services, columns=["service", "metro", "period", "site", "sku", "share", "units", "rtt_ms"], dtype=object),
        "openings": pd.DataFrame([("a", "1"), ("b", "1"), ("c", "0")], columns=["site", "open"], dtype=object),
        "unplaced": pd.DataFrame(columns=["job", "value_musd"], dtype=object),
        "unserved": pd.DataFrame(columns=["service", "metro", "period", "share", "mtok_per_day"], dtype=object),
        "cash": pd.DataFrame([("2027Q1", "placing", repr(PLACING)), ("2027Q1", "opening", "12")], columns=["period", "term", "musd"], dtype=object),
    }


def put(table: str, row: int, **cells: str) -> Callable[[Tables], None]:
    """An edit that writes cells of one row."""

    def edit(plan: Tables) -> None:
        for column, value in cells.items():
            plan[table].loc[row, column] = value

    return edit


def add(table: str, *cells: str) -> Callable[[Tables], None]:
    """An edit that adds a row."""

    def edit(plan: Tables) -> None:
        plan[table].loc[len(plan[table])] = list(cells)

    return edit


def drop(table: str, row: int) -> Callable[[Tables], None]:
    """An edit that removes a row."""

    def edit(plan: Tables) -> None:
        plan[table] = plan[table].drop(index=row).reset_index(drop=True)

    return edit


def test_the_hand_made_plan_passes_at_the_hand_made_cost(tmp_path) -> None:
    """Written and read back as text, it is accepted at the objective worked out by hand."""
    for name, table in make_plan().items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    verdict = check(CASE, read_tables(tmp_path), WEIGHTS, OBJECTIVE, OBJECTIVE - 0.5)
    assert verdict.ok, verdict
    assert verdict.objective == pytest.approx(OBJECTIVE, rel=1e-12)
    assert {t: v for t, v in verdict.terms.items() if v} == pytest.approx({"placing": PLACING, "opening": OPENING})
    assert str(verdict).endswith("k$")


CORRUPTIONS = [
    ("placed_once", drop("training", 0)),
    ("placed_once", add("training", "j1", "b", "", "", "2027Q1", "2027Q1", "5", "", "", "")),
    ("format", add("training", "j1", "a", "", "", "2027Q1", "2027Q1", "6", "", "", "")),
    ("format", put("training", 0, job="j9")),
    ("format", put("training", 0, site="z")),
    ("format", put("training", 0, sku="big")),
    ("format", put("training", 0, domain="a")),
    ("format", put("training", 0, value_musd="0")),
    ("format", put("inference", 0, rtt_ms="4")),
    ("format", put("inference", 0, metro="OSL")),
    ("format", put("inference", 0, share="")),
    ("format", put("inference", 0, share="nan")),
    ("format", put("openings", 0, open="0.5")),
    ("format", put("openings", 0, open="2")),
    ("format", add("openings", "a", "1")),
    ("format", put("training", 0, start="2027Q2")),
    ("eligibility", put("training", 0, site="d", units="0")),
    ("eligibility", put("inference", 0, site="c", units="0")),
    ("pairs.use", put("training", 0, units="5")),
    ("pairs.use", put("inference", 0, units="3")),
    ("capacity", put("training", 0, site="b", units="5")),
    ("capacity", put("inference", 0, share="0.5", units="6")),
    ("share", put("inference", 1, share="1.2")),
    ("share", put("inference", 0, share="-0.3333333", units="0")),
    ("serve_all", put("inference", 1, share="0.6")),
    ("serve_all", drop("inference", 1)),
    ("requires", put("openings", 0, open="0")),
    ("requires", put("training", 1, site="c", units="0")),
    ("open_sites", put("openings", 2, open="1")),
    ("open_sites", put("openings", 0, open="0")),
    ("openings", drop("openings", 2)),
    ("openings", add("openings", "d", "1")),
    ("pairs", add("unplaced", "j1", "0")),
    ("pairs", lambda plan: plan.update(sites=pd.DataFrame([("a", "2027Q1")], columns=["site", "opened"], dtype=object))),
    ("cash", put("cash", 0, musd="30")),
    ("cash", put("cash", 1, term="placing", musd="0", period="end")),
    ("objective", put("training", 1, site="d", units="0")),
]


@pytest.mark.parametrize(("rule", "corrupt"), CORRUPTIONS)
def test_corruptions_are_rejected(rule: str, corrupt: Callable[[Tables], None]) -> None:
    """One change of the plan, and the checker names what it breaks."""
    plan = make_plan()
    corrupt(plan)
    verdict = check(CASE, plan, WEIGHTS, OBJECTIVE, OBJECTIVE - 0.5)
    assert not verdict.ok
    assert rule in {v.rule for v in verdict.violations}, verdict


@pytest.mark.parametrize("table", ["training", "inference", "openings", "unplaced", "unserved", "cash"])
def test_missing_tables_are_reported(table: str) -> None:
    """A table that belongs to such a plan must be there."""
    plan = make_plan()
    del plan[table]
    (violation,) = check(CASE, plan, WEIGHTS).violations
    assert (violation.rule, violation.where) == ("format", f"plan/{table}.csv")


def test_claims_are_compared() -> None:
    """A cost or a bound that the plan does not have is rejected."""
    assert "objective" in {v.rule for v in check(CASE, make_plan(), WEIGHTS, OBJECTIVE - 1).violations}
    assert "bound" in {v.rule for v in check(CASE, make_plan(), WEIGHTS, OBJECTIVE, OBJECTIVE + 1).violations}


def test_any_number_of_sites_may_be_open_where_the_case_does_not_say() -> None:
    """Without ``open_sites`` an unused site may stand open, and is paid for."""
    plan = make_plan()
    put("openings", 2, open="1")(plan)
    put("cash", 1, musd="13")(plan)
    verdict = check(replace(CASE, open_sites=0), plan, WEIGHTS)
    assert verdict.ok, verdict
    assert verdict.objective == pytest.approx(OBJECTIVE + 2)


def test_random_noise_in_any_number_is_noticed() -> None:
    """Each number of the plan, changed by a thousandth of itself and more, is no longer accepted."""
    rng = np.random.default_rng(0)
    numbers = {"training": ["units"], "inference": ["share", "units"], "cash": ["musd"]}
    for table, columns in numbers.items():
        for column in columns:
            for row in range(len(make_plan()[table])):
                plan = make_plan()
                old = float(plan[table].loc[row, column])
                put(table, row, **{column: repr((old + (old == 0)) * (1 + rng.uniform(0.001, 0.5)))})(plan)
                assert not check(CASE, plan, WEIGHTS, OBJECTIVE).ok, (table, column, row)
