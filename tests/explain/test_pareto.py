"""The front of the best plans by two terms, against enumeration."""

from __future__ import annotations

import itertools
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import placement
from placement.errors import OptionError
from placement.explain.pareto import Front, Point, best_of_all, dominated
from tests.conftest import ROOT
from tests.layers.small import edited, small_case, solved

TIGHT = placement.Effort(rel_gap=0.0)
SITES, JOBS = ("a", "b", "c", "d"), ("j", "k", "l", "m")
OPENING = dict(zip(SITES, (40, 25, 11, 4), strict=True))
PLACING = {(j, s): float(c) for (j, s), c in zip(itertools.product(JOBS, SITES), np.random.default_rng(3).integers(5, 40, 16), strict=True)}


def write(folder: Path, tables: dict[str, list[str]]) -> placement.Case:
    """Write and read a case with pairs."""
    folder.mkdir()
    (folder / "case.toml").write_text('name = "tiny"\nstart = "2027"\nperiods = 1\nperiod_months = 12\n')
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return placement.read_case(folder)


@pytest.fixture(scope="module")
def facilities(tmp_path_factory) -> placement.Plan:
    """Four jobs, four sites that cost something to open."""
    tables = {
        "sites": ["site", *SITES],
        "jobs": ["job,mandatory", *(f"{j},1" for j in JOBS)],
        "siting": ["site,opening_cost_musd", *(f"{s},{c}" for s, c in OPENING.items())],
        "pairs": ["workload,site,cost_musd", *(f"{j},{s},{c}" for (j, s), c in PLACING.items())],
    }
    return placement.solve(write(tmp_path_factory.mktemp("facilities") / "case", tables), rel_gap=0.0)


def all_plans() -> list[tuple[float, float]]:
    """Placing and opening cost of every plan that opens what it uses and nothing else."""
    plans = []
    for chosen in itertools.product(SITES, repeat=len(JOBS)):
        plans.append((sum(PLACING[j, s] for j, s in zip(JOBS, chosen, strict=True)), float(sum(OPENING[s] for s in set(chosen)))))
    return plans


def test_every_point_is_the_best_by_enumeration(facilities):
    """For each epsilon the least placing cost is right, and so is the least opening cost among its plans; the ends are lexicographic."""
    plans = all_plans()
    table = placement.pareto(facilities, ("placing", "opening"), points=9, effort=TIGHT)
    assert len(table) == 9 and not table["dominated"].any()
    for row in table.itertuples():
        least = min(p for p, o in plans if o <= row.epsilon + 1e-6)
        assert row.placing_musd == pytest.approx(least)
        assert row.opening_musd == pytest.approx(min(o for p, o in plans if p <= least + 1e-6))
        assert row.objective_musd == pytest.approx(row.placing_musd + row.opening_musd)
        assert row.bound == pytest.approx(row.placing_musd) and row.gap == pytest.approx(0, abs=1e-6)
        assert sum(OPENING[s] for s in row.sites.split(", ")) == pytest.approx(row.opening_musd)
    front = {(p, o) for p, o in plans if not any((q <= p and r <= o) and (q, r) != (p, o) for q, r in plans)}
    assert {(round(r.placing_musd, 6), round(r.opening_musd, 6)) for r in table.itertuples()} <= front
    ends = sorted(front)
    assert (table["placing_musd"].iloc[0], table["opening_musd"].iloc[0]) == pytest.approx(ends[0])
    assert (table["placing_musd"].iloc[-1], table["opening_musd"].iloc[-1]) == pytest.approx(ends[-1])


def test_a_large_program_keeps_the_promises_of_a_small_one(facilities, monkeypatch):
    """With every program taken for a large one, whose points are not solved to the end: plans and bounds lie on either side of the best by enumeration."""
    monkeypatch.setattr("placement.engine.search._SMALL", -1)
    plans = all_plans()
    table = placement.pareto(facilities, ("cost", "opening"), points=6, effort=placement.Effort(rel_gap=0.0, time_limit_s=5.0))
    costs = table["cost_musd"]
    assert len(table) == 6 and costs.is_monotonic_increasing  # a plan with less room is one with more room, too
    for row in table.itertuples():
        least = min(p + o for p, o in plans if o <= row.epsilon + 1e-6)
        assert row.bound - 1e-6 <= least <= row.cost_musd + 1e-6
        assert row.opening_musd <= row.epsilon + 1e-6
        assert any(abs(p + o - row.cost_musd) < 1e-6 and abs(o - row.opening_musd) < 1e-6 for p, o in plans)
    assert (table["gap"] < 0.25).all()


def test_a_point_has_the_best_plan_and_the_best_bound_of_all(facilities):
    """A point whose search found a poor plan and no bound takes over what the others have, where its epsilon allows."""
    front = Front.of(facilities.case, ("cost", "opening"))
    good = front.bounded(50.0, facilities.point, None, TIGHT)
    poor = replace(good, epsilon=60.0, first=good.first + 7, objective=good.objective + 7, bound=-math.inf, proof=None)
    tight = replace(poor, epsilon=good.second - 1)
    mended, kept = (best_of_all(front, p, [good, p]) for p in (poor, tight))
    assert (mended.first, mended.epsilon, mended.second) == (good.first, 60.0, good.second)
    assert math.isfinite(mended.bound) and mended.bound <= good.bound + 1e-6
    assert kept.first == tight.first and math.isfinite(kept.bound)  # the other plan spends more than this one may


def test_two_workers_walk_half_of_it_each(facilities):
    """The same front."""
    one, two = (placement.pareto(facilities, ("cost", "opening"), points=5, effort=placement.Effort(rel_gap=0.0, workers=w)) for w in (1, 2))
    pd.testing.assert_frame_equal(one.drop(columns=["sites", "status"]), two.drop(columns=["sites", "status"]), rtol=1e-6, atol=1e-6)


def test_carbon_latency_and_their_ends(tmp_path):
    """Dear clean power: carbon falls along the front while the cost rises, between the two plans that minimise each alone."""
    green = {"tariffs": [{**r, "zone": z, "co2_kg_per_mwh": kg} for r in edited("tariffs") for z, kg in (("z", 100), ("g", 5))]}
    green["sites"] = [{**r, "zone": "g" if r["site"] == "south" else "z"} for r in edited("sites")]
    plan = solved(small_case(tmp_path / "a", jobs=edited("jobs", mandatory=1), services=edited("services", unmet_usd_per_mtok=""), **green))
    table = placement.pareto(plan, ("cost", "emissions_kt"), points=4, effort=placement.Effort(rel_gap=1e-6))
    assert table["cost_musd"].iloc[0] == pytest.approx(plan.objective, rel=1e-6)
    assert table["cost_musd"].is_monotonic_increasing and table["emissions_kt"].is_monotonic_decreasing
    assert (table["emissions_kt"] <= table["epsilon"] * (1 + 1e-6)).all() and not table["dominated"].any()
    assert table["emissions_kt"].iloc[0] == pytest.approx(plan.kpis["co2_kt"], rel=1e-3)
    near = placement.pareto(plan, ("cost", "rtt_ms"), points=2, effort=placement.Effort(rel_gap=1e-6))
    rows = plan.inference.assign(demand=8640.0)
    served = (rows["share"] * rows["rtt_ms"] * rows["demand"]).sum() / (8640.0 * 8)
    assert near["rtt_ms"].iloc[0] <= served + 1e-6
    closest = plan.inference["rtt_ms"].min()
    assert closest - 1e-6 <= near["rtt_ms"].iloc[-1] < near["rtt_ms"].iloc[0] or near["rtt_ms"].iloc[0] == pytest.approx(near["rtt_ms"].iloc[-1])


def test_domestic_share_of_the_spend(tmp_path):
    """Foreign chips are cheaper: the share of domestic ones rises to all, and the cost with it."""
    skus = [{**r, "origin_country": "NO" if r["sku"] == "old" else "US"} for r in edited("skus")]
    offers = [{**r, "unit_price_usd": 60000 if r["sku"] == "old" else 30000} for r in edited("offers")]
    shares = [{"programme": "nordic", "origins": "NO", "min_spend_share": 0.001}]
    plan = solved(small_case(tmp_path / "a", skus=skus, offers=offers, domestic_shares=shares, jobs=edited("jobs", mandatory=1)))
    table = placement.pareto(plan, ("cost", "domestic_share"), points=4, effort=placement.Effort(rel_gap=1e-6))
    assert table["domestic_share"].is_monotonic_increasing and table["cost_musd"].is_monotonic_increasing
    assert table["domestic_share"].iloc[0] < 0.1 and table["domestic_share"].iloc[-1] == pytest.approx(1, abs=1e-3)
    assert (table["domestic_share"] >= table["epsilon"] - 1e-6).all()
    with pytest.raises(OptionError, match="second term"):
        placement.pareto(plan, ("domestic_share", "cost"))
    with pytest.raises(OptionError, match="nordic"):
        placement.pareto(plan, ("cost", "domestic_share:nordi"))


def test_terms_that_cannot_be(facilities):
    """One clear message each."""
    for terms, message in (
        (("cost",), "two different"),
        (("cost", "cost"), "two different"),
        (("cost", "capx"), "Did you mean 'capex'"),
        (("cost", "energy"), "nothing"),
    ):
        with pytest.raises(OptionError, match=message):
            placement.pareto(facilities, terms)
    with pytest.raises(OptionError, match="points"):
        placement.pareto(facilities, ("placing", "opening"), points=1)


def test_dominated_points_are_marked():
    """As good in both and better in one; equal points dominate nobody."""

    def point(first: float, second: float) -> Point:
        return Point(second, np.zeros(1), first, second, 0.0, 0.0, "optimal", "")

    points = [point(1, 5), point(2, 5), point(3, 3), point(3, 3), point(4, 3.5), point(9, 1)]
    assert [dominated(p, points) for p in points] == [False, True, False, False, True, False]


@pytest.mark.skipif(not os.environ.get("PLACEMENT_LONG_TESTS"), reason="tens of seconds; set PLACEMENT_LONG_TESTS")
def test_frontier_small_example(tmp_path, python):
    """The example of the documentation: cost against carbon."""
    out = ["--out", tmp_path / "out", "--time-limit", "20", "--workers", "2", "--points", "2", "--gap", "0.01"]
    done = python("-m", "placement", "sweep", ROOT / "data" / "frontier-small", *out, "--pareto", "cost", "emissions_kt")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    table = pd.read_csv(tmp_path / "out" / "pareto.csv")
    assert table["cost_musd"].tolist() == pytest.approx([-25482, 126038], rel=0.015)
    assert table["emissions_kt"].iloc[-1] == pytest.approx(645, rel=0.01)
