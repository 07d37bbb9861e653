"""Services that share accelerators need the largest sum of their loads, not the sum of their peaks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from placement.case import Case
from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import PERIODS, edited, small_case, solved, violations

DAY, NIGHT = (1.0, 1.0), (0.1, 1.1)  # load in stress and calm
PEAKY = (1.9, 0.9)


def case_of(folder: Any, chat: Any = PEAKY, batch: Any = NIGHT, shared: tuple[int, int] = (1, 1), batch_sku: str = "old") -> Case:
    """Return the small case with two services in one metro, each of 100 accelerators at the mean demand."""
    service = edited("services", peak_to_mean="")[0]
    loads = [{"service": s, "block": b, "load": v} for s, pair in (("chat", chat), ("batch", batch)) for b, v in zip(("stress", "calm"), pair, strict=True)]
    rate = {"old": 1000, "new": 2500}
    return small_case(
        folder,
        jobs=None,
        job_skus=None,
        sites=edited("sites")[:1],
        halls=edited("halls")[:1],
        grid=edited("grid")[:1],
        links=edited("links")[:1],
        metros=edited("metros")[:1],
        services=[{**service, "shared": shared[0]}, {**service, "service": "batch", "shared": shared[1]}],
        service_skus=[{"service": "chat", "sku": "old", "tok_per_s": 1000}, {"service": "batch", "sku": batch_sku, "tok_per_s": rate[batch_sku]}],
        skus=[row for row in edited("skus") if row["sku"] in ("old", batch_sku)],
        offers=[row for row in edited("offers") if row["sku"] in ("old", batch_sku)],
        demand=[{"service": s, "metro": "oslo", "period": t, "mtok_per_day": 8640} for s in ("chat", "batch") for t in PERIODS],
        service_loads=loads,
    )


def test_pooled_peaks_by_hand(tmp_path):
    """Peaks of 190 and 110 in different hours: together 190 + 10 in the stress block and 90 + 110 in the calm one, so 200 and not 300."""
    apart, together = (solved(case_of(tmp_path / n, shared=s)) for n, s in (("a", (0, 0)), ("b", (1, 1))))
    assert apart.kpis["units_ordered"] == pytest.approx(300)
    assert together.kpis["units_ordered"] == pytest.approx(200)
    pools = together.tables["pools"]
    assert pools["units"].to_numpy() == pytest.approx(np.full(4, 200))
    assert pools["own_peaks_units"].to_numpy() == pytest.approx(np.full(4, 300))
    assert together.kpis["pooling_saves_units_end"] == pytest.approx(100)
    assert together.tables["chips"]["serving"].to_numpy() == pytest.approx(np.full(4, 200))
    discount = [1.08 ** -(t / 4) for t in range(5)]
    chips = 100 * 0.02 * (1 - 0.8 * discount[4])
    idle = 1.1 * 100 * 0.2e-3 * 2191.5 * (0.1 * 150 + 0.9 * 50) / 1e6
    assert apart.objective - together.objective == pytest.approx(chips + sum(discount[:4]) * idle, rel=1e-6)


def test_a_service_that_does_not_share_keeps_its_peak(tmp_path):
    """A third, of its own, adds its whole peak to the pool of the other two."""
    case = case_of(tmp_path / "two")
    alone = {**edited("services")[0], "service": "own", "peak_to_mean": 2}
    tables: dict[str, Any] = {name: case[name].to_dict("records") for name in ("sites", "halls", "grid", "skus", "offers", "metros", "links")}
    for name in ("sites", "halls", "grid", "skus", "offers", "links"):
        tables[name] = [row for row in edited(name) if row[next(iter(row))] in set(case[name].iloc[:, 0])]
    services = [{**edited("services", peak_to_mean="")[0], "shared": 1}, {**edited("services", peak_to_mean="")[0], "service": "batch", "shared": 1}, alone]
    plan = solved(
        small_case(
            tmp_path / "three", **{**tables, "metros": edited("metros")[:1]}, jobs=None, job_skus=None, services=services,
            service_skus=[{"service": s, "sku": "old", "tok_per_s": 1000} for s in ("chat", "batch", "own")],
            demand=[{"service": s, "metro": "oslo", "period": t, "mtok_per_day": 8640} for s in ("chat", "batch", "own") for t in PERIODS],
            service_loads=case["service_loads"].to_dict("records"),
        )
    )  # fmt: skip
    assert plan.tables["pools"]["units"].to_numpy() == pytest.approx(np.full(4, 400))
    assert plan.tables["pools"]["own_peaks_units"].to_numpy() == pytest.approx(np.full(4, 500))


def test_only_blocks_that_can_bind_get_a_row(tmp_path):
    """One row per block and period with sharing, one per period without; nothing else differs."""
    apart, together = (assemble(build_sides(case_of(tmp_path / n, shared=s)))[0] for n, s in (("a", (0, 0)), ("b", (1, 1))))
    kinds = [{family: sum(key[0] == family for key in p.row_keys) for family in ("serve", "pool")} for p in (apart, together)]
    assert kinds == [{"serve": 4, "pool": 0}, {"serve": 0, "pool": 8}]
    assert together.cost == pytest.approx(apart.cost)


def test_the_checker_knows_pools(tmp_path):
    """Fewer chips lent than the services need together, and other figures in the table, are seen."""
    plan = solved(case_of(tmp_path))
    assert violations(plan, "chips", lambda t: t.assign(serving=t["serving"] * 0.9)) == {"pool"}
    assert violations(plan, "pools", lambda t: t.assign(units=t["units"] * 0.9)) == {"pools.units"}
    assert violations(plan, "pools", lambda t: t.assign(own_peaks_units=0)) == {"pools.own_peaks_units"}


@pytest.mark.parametrize("cells", [{"batch": PEAKY}, {"shared": (1, 0)}, {"batch_sku": "new"}])
def test_sharing_without_effect_is_refused(tmp_path, cells):
    """Peaks in the same block, nobody to share with, no SKU in common."""
    with pytest.raises(DataError, match="has no effect: no other shared service"):
        case_of(tmp_path, **cells)


def test_spares_and_presences_beside_pools(tmp_path):
    """All together: spares of a failure domain ask for a presence and add to the pool, and the checker agrees."""
    base = edited("services", peak_to_mean="", redundancy="n_minus_1", min_units=150, presence_cost_musd_per_year=0.1, origin="north", weights_gb=500)[0]
    names = ("chat", "batch")
    levels = {("chat", "stress"): PEAKY[0], ("chat", "calm"): PEAKY[1], ("batch", "stress"): NIGHT[0], ("batch", "calm"): NIGHT[1]}
    loads = [{"service": s, "block": b, "load": v} for (s, b), v in levels.items()]
    plan = solved(
        small_case(
            tmp_path,
            jobs=None,
            job_skus=None,
            services=[{**base, "service": s, "shared": 1} for s in names],
            service_skus=[{**row, "service": s} for s in names for row in edited("service_skus")],
            demand=[{"service": s, "metro": m, "period": t, "mtok_per_day": 8640} for s in names for m in ("oslo", "madrid") for t in PERIODS[:2]],
            service_loads=loads,
            halls=edited("halls", existing=1, capex_musd="", life_years=""),
            sites=edited("sites", opening_cost_musd=""),
        )
    )  # fmt: skip
    spares = plan.tables["spares"]
    assert len(spares)
    present = set(zip(plan.tables["presence"]["service"], plan.tables["presence"]["site"], plan.tables["presence"]["period"], strict=True))
    assert set(zip(spares["service"], spares["site"], spares["period"], strict=True)) <= present
    assert "presence" in violations(plan, "presence", lambda t: t.iloc[1:])
    assert violations(plan, "refresh", lambda t: t.assign(gbps=0)) == {"refresh.gbps"}
    assert len(plan.tables["pools"])
