"""Refused permits, permit offices, crews and the grid queue that sites share."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import placement
from placement.errors import DataError
from placement.program import assemble, build_sides
from placement.supply.permits import running
from tests.layers.small import PERIODS, TABLES, Rows, edited, small_case, solved, violations

ROOT = Path(__file__).parents[2]
NO_CHAT: dict[str, Any] = dict.fromkeys(("services", "service_skus", "demand", "metros", "links"))
PLACE = {"lat_deg": 60, "lon_deg": 10, "zone": "z", "pue": 1.1}
VALUES = (80.0, 79.0, 78.0)


def three_sites(leads: tuple[float, ...] = (1, 1, 1), **milestone: Any) -> dict[str, Any]:
    """Return three sites in two countries, each with one hall behind a shell of so many periods, and three jobs of which each fills one hall for one period."""
    names = ("a", "b", "c")
    return {
        **NO_CHAT,
        "sites": [{"site": s, "country": c, **PLACE} for s, c in zip(names, ("NO", "NO", "SE"), strict=True)],
        "halls": [{"site": s, "hall": "h", "it_mw": 1, "capex_musd": 1} for s in names],
        "milestones": [
            {"site": s, "hall": "h", "milestone": "shell", "lead_p10": n, "lead_p50": n, "lead_p90": n, "cost_musd": 0.5, **milestone}
            for s, n in zip(names, leads, strict=True)
        ],
        "grid": [{"site": s, "tier": "t", "mw": 9, "capex_musd": 1} for s in names],
        "skus": [{**TABLES["skus"][0], "idle_share": 0}],
        "offers": TABLES["offers"][:1],
        "jobs": [{"job": f"j{i}", "value_musd": v, "residency": ""} for i, v in enumerate(VALUES)],
        "job_skus": [{"job": f"j{i}", "sku": "old", "units": 1000, "duration_periods": 3} for i in range(3)],
    }


def dates(plan: placement.Plan) -> dict[str, int]:
    """Return the period in which the hall of each site enters service."""
    return {r.site: PERIODS.index(r.in_service) for r in plan.tables["halls"].itertuples()}


def limits(*rows: tuple[str, str, int], name: str = "max_starts", **cells: Any) -> Rows:
    """Return rows of a limit: place, period, number."""
    return [{"place": place, "period": period, name: number, **cells} for place, period, number in rows]


def test_offices_take_one_at_a_time(tmp_path):
    """Three halls that begin together may not where the office takes one a period; a job that needs three of four periods finds two halls only."""
    free = solved(small_case(tmp_path / "a", **three_sites()))
    assert dates(free) == {"a": 1, "b": 1, "c": 1}
    rows = limits(*[("", p, 1) for p in PERIODS], milestone="shell")
    one = solved(small_case(tmp_path / "b", **three_sites(), milestone_limits=rows))
    assert len(one.tables["training"]) == 1  # begun in the first period, or too late for three periods of work
    assert one.objective > free.objective
    two = solved(small_case(tmp_path / "c", **three_sites(), milestone_limits=limits(("NO", PERIODS[0], 1), milestone="shell")))
    assert len(two.tables["training"]) == 2  # the office of the other country is free
    assert "c" in dates(two)
    assert violations(free_tables(free, one), "halls", lambda t: t) >= {"milestone_starts"}


def free_tables(free: placement.Plan, limited: placement.Plan) -> Any:
    """Return the unlimited plan as one for the limited case."""
    from dataclasses import replace

    return replace(free, case=limited.case)


def test_crews_build_one_hall_after_the_other(tmp_path):
    """With two crews where each shell needs one and a half, one hall at a time is built; as many crews as are needed build them all."""
    tables = three_sites(crews=1.5)
    assert len(solved(small_case(tmp_path / "a", **tables, crews=limits(("", PERIODS[0], 4.5), name="crews"))).tables["training"]) == 3
    tight = solved(small_case(tmp_path / "b", **tables, crews=limits(*[("z", p, 2) for p in PERIODS], name="crews")))
    assert len(tight.tables["training"]) == 1
    free = solved(small_case(tmp_path / "c", **three_sites()))
    assert violations(free_tables(free, tight), "halls", lambda t: t) >= {"crew_limit"}


@pytest.mark.parametrize("crews", [0.5, 1.0, 1.25, 1.75, 2.5, 3.0])
def test_crews_agree_with_enumeration(tmp_path, crews):
    """With leads of 0.5, 1 and 1.5 periods the best choice of halls is what enumeration of all dates finds."""
    leads = (0.5, 1.0, 1.5)
    plan = solved(small_case(tmp_path, {"discount_rate": 0.0}, **three_sites(leads, crews=1), crews=limits(*[("", p, crews) for p in PERIODS], name="crews")))
    # the last date at which a job of three periods still fits is the second period
    choices = [[u for u in (0, 1) if u >= n] + [None] for n in leads]
    feasible = []
    for pick in product(*choices):
        used = [0.0] * 4
        for u, n in zip(pick, leads, strict=True):
            for t in range(4):
                used[t] += max(0.0, min(u, t + 1) - max(u - n, t)) if u is not None else 0.0
        if max(used) <= crews + 1e-9:
            feasible.append(sum(u is not None for u in pick))
    assert len(plan.tables["training"]) == max(feasible)


def test_shares_of_periods():
    """A milestone counts for the part of a period in which it runs."""
    assert list(running(0.25, 0.5, 4)) == [(0, 0.5)]
    assert list(running(2.0, 0.0, 4)) == []
    assert list(running(3.5, 2.0, 4)) == [(3, 0.5)]


def test_the_queue_holds_back_tiers(tmp_path):
    """9 MW per tier and 20 MW of queue connect two of three sites; 27 MW connect all, and none comes before its MW."""
    tables = three_sites()
    two = solved(small_case(tmp_path / "a", **tables, grid_queue=[{"zone": "z", "period": PERIODS[0], "mw": 20}]))
    assert len(two.tables["grid"]) == len(two.tables["training"]) == 2
    later = [{"zone": "z", "period": p, "mw": mw} for p, mw in ((PERIODS[1], 18), (PERIODS[2], 9))]
    assert len(solved(small_case(tmp_path / "b", **tables, grid_queue=later)).tables["training"]) == 2  # the third comes too late for three periods
    everything = solved(small_case(tmp_path / "c", **tables, grid_queue=[{"zone": "z", "period": PERIODS[1], "mw": 27}]))
    assert set(everything.tables["grid"]["in_service"]) == {PERIODS[1]}
    assert violations(everything, "grid", lambda t: t.assign(in_service=PERIODS[0])) >= {"grid_queue"}


def test_temporary_power_leaves_its_place_in_the_queue(tmp_path):
    """Turbines that end after two quarters make room for a tier of the same size, in a queue for one of them."""
    only = {name: edited(name)[:1] for name in ("sites", "halls")}
    tiers = [{"tier": "n", "mw": 0.35}, {"tier": "turbines", "mw": 10, "until": PERIODS[1], "capex_musd": 0.01},
             {"tier": "late", "mw": 10, "available": PERIODS[2], "capex_musd": 0.01}]  # fmt: skip
    grid = [{"site": "north", "firmness": 0.999, **tier} for tier in tiers]
    queue = [{"zone": "z", "period": PERIODS[0], "mw": 10}]
    plan = solved(small_case(tmp_path, **only, grid=grid, grid_queue=queue, links=[r for r in edited("links") if r["link"] != "es"]))
    assert dict(plan.tables["grid"].set_index("tier")["in_service"]) == {"n": PERIODS[0], "turbines": PERIODS[0], "late": PERIODS[2]}
    lasting = replace(plan, case=small_case(tmp_path / "b", **only, grid=[{**row, "until": ""} for row in grid], grid_queue=queue))
    assert "grid_queue" in violations(lasting, "grid", lambda t: t)


def test_refused_permits_send_work_elsewhere(tmp_path):
    """A refused shell takes its hall out of the model, says why, and its job with it."""
    tables = three_sites()
    tables["milestones"] = [{**row, "refused": int(row["site"] == "b")} for row in tables["milestones"]]
    plan = solved(small_case(tmp_path, **tables))
    assert set(dates(plan)) == {"a", "c"}
    assert len(plan.tables["training"]) == 2
    said = plan.exclusions[plan.exclusions["rule"] == "refused:shell"]
    assert {"hall:b/h", "j0", "j1", "j2"} <= set(said["workload"])
    assert "built[b,h,1]" not in assemble(build_sides(plan.case))[0].supply_names
    extra = pd.DataFrame([{"site": "b", "hall": "h", "in_service": PERIODS[1], "it_mw": 1.0, "existing": 0}])
    assert violations(plan, "halls", lambda t: pd.concat([t, extra])) >= {"refused"}


def test_a_refused_site_loses_all_its_halls(tmp_path):
    """A shared milestone that is refused keeps the site shut; services there are excluded by the same rule."""
    shared = {"site": "south", "hall": "", "milestone": "permit", "lead_p10": 0, "lead_p50": 0, "lead_p90": 0, "refused": 1}
    plan = solved(small_case(tmp_path, milestones=[shared]))
    said = plan.exclusions[plan.exclusions["rule"] == "refused:permit"]
    assert {"hall:south/s1", "big", "chat"} == set(said["workload"])
    assert not len(plan.tables["sites"])


def test_the_refusal_scenario_costs():
    """data/scenarios/permit-refused keeps halls of its base from being built."""
    base, scenario = (placement.read_case(ROOT / "data" / name) for name in ("frontier-small", "scenarios/permit-refused"))
    assert not base["milestones"]["refused"].any()
    lost = build_sides(scenario).demand.exclusions.query("rule.str.startswith('refused:')")
    assert lost["workload"].str.startswith("hall:").any()


def test_absent_tables_build_nothing(tmp_path):
    """Without the tables there is no such row."""
    names = assemble(build_sides(small_case(tmp_path, **three_sites())))[0].row_names
    assert not [n for n in names if n.startswith(("milestone_starts", "crew_limit", "grid_queue", "gate", "option"))]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"milestone_limits": limits(("", PERIODS[0], 1), milestone="shel")}, "Did you mean 'shell'"),
        ({"milestone_limits": limits(("DE", PERIODS[0], 1), milestone="shell")}, "no site of that country or tariff zone has the milestone"),
        ({"milestones": three_sites(crews=1)["milestones"]}, "has no effect without crews.csv"),
        ({"crews": limits(("", PERIODS[0], 1), name="crews")}, "no milestone there needs crews"),
        (
            {"grid": [{"site": s, "tier": "t", "mw": 9} for s in "abc"], "grid_queue": [{"zone": "z", "period": PERIODS[0], "mw": 1}]},
            "no grid tier of the zone has a capex",
        ),
    ],
)
def test_refusals(tmp_path, tables, words):
    """Limits on nothing are refused with the way out."""
    with pytest.raises(DataError, match=words):
        small_case(tmp_path, **{**three_sites(), **tables})
