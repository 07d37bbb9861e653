"""Cooling: PUE by season and hour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import placement
from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import Row, small_case, solved, violations


def refused(folder: Path, **tables: Any) -> str:
    """Return what is said of a case that must be refused."""
    with pytest.raises(DataError) as caught:
        small_case(folder, **tables)
    return str(caught.value)


def drawn_mw(plan: placement.Plan, block: str) -> float:
    """Return the power taken in a block, mean over the periods, MW."""
    energy = plan.tables["energy"]
    return float(energy.loc[energy["block"] == block, "mw"].sum()) / plan.case.n_periods


def test_hot_hours_take_more_power(tmp_path):
    """A PUE of 1.5 where it was 1.3 and 1.1, in the stress block of one quarter only, draws just that much more there and nowhere else."""
    base = solved(small_case(tmp_path / "base"))
    used = base.tables["energy"].query("block == 'stress'").set_index(["site", "period"])["mw"]
    assert used.loc[("north", "2027Q3")] > 0.1
    hot = solved(small_case(tmp_path / "hot", cooling=[{"site": "north", "quarter": 3, "block": "stress", "pue": 1.5}]))
    now = hot.tables["energy"].query("block == 'stress'").set_index(["site", "period"])["mw"]
    assert now.loc[("north", "2027Q3")] == pytest.approx(used.loc[("north", "2027Q3")] * 1.5 / 1.1)
    assert now.drop(("north", "2027Q3")).to_dict() == pytest.approx(used.drop(("north", "2027Q3")).to_dict())
    assert drawn_mw(hot, "calm") == pytest.approx(drawn_mw(base, "calm"))
    assert hot.kpis["pue_mean"] > base.kpis["pue_mean"]


@pytest.mark.parametrize("rows", [[{"site": "north", "pue": 1.1}], [{"site": "south", "block": b, "pue": 1.3} for b in ("stress", "calm")]])
def test_same_figures_give_the_same_program(tmp_path, rows):
    """A table that repeats the yearly figures changes no coefficient."""
    one, two = (assemble(build_sides(small_case(tmp_path / name, cooling=given)))[0] for name, given in (("a", None), ("b", rows)))
    assert (one.matrix != two.matrix).nnz == 0
    assert np.array_equal(one.cost, two.cost)
    assert np.array_equal(one.row_upper, two.row_upper)


def test_quarters_follow_the_calendar(tmp_path):
    """Months are counted from January, whatever the first period is: of six months from February, two are in the first quarter."""
    case = small_case(
        tmp_path, {"start": "2027-02", "periods": 6, "period_months": 1}, tariffs=None, grid=None, demand=None, services=None, service_skus=None, metros=None,
        links=None, sites=[{"site": s, "country": "NO", "lat_deg": 60, "lon_deg": 10, "pue": 1.2} for s in ("north", "south")],
        offers=[{"offer": "q", "sku": "old", "period": "2027-02", "max_units": 2000, "unit_price_usd": 1}],
        skus=[{"sku": "old", "vendor": "v", "kw_per_unit": 1, "idle_share": 0.2, "hbm_gb": 80, "life_years": 5}],
        generators=[{"generator": "g", "site": "north", "tech": "gas", "max_mw": 9, "capex_musd_per_mw": 1, "energy_usd_per_mwh": 50}],
        cooling=[{"site": "north", "quarter": 1, "pue": 1.4}],
        job_skus=[{"job": "big", "sku": "old", "units": 1000, "duration_periods": 6}],
    )  # fmt: skip
    mw = solved(case).tables["energy"].query("block == 'calm'").set_index("period")["mw"]
    assert (mw.round(9)).to_dict() == {f"2027-0{m}": 1.4 if m < 4 else 1.2 for m in range(2, 8)}


def test_firm_power_counts_in_the_worst_hour(tmp_path):
    """1.0 MW of IT needs 1.2 MW of firm power at the worst PUE: the job that fits 1.15 MW on the yearly figure no longer does."""
    gen = {"site": "north", "tech": "gas", "max_mw": 1.15, "capex_musd_per_mw": 1, "energy_usd_per_mwh": 50}
    firm: dict[str, Any] = {
        "grid": [{"site": s, "tier": "t", "mw": 20, "firmness": 0.9} for s in ("north", "south")],
        "generators": [{"generator": "g", "firmness": 0.999, **gen}],
        "jobs": [{"job": "big", "value_musd": 80, "min_firmness": 0.99}],
        "job_skus": [{"job": "big", "sku": "old", "units": 1000, "duration_periods": 2}],
    }
    assert len(solved(small_case(tmp_path / "a", **firm)).tables["training"]) == 1
    hot: Row = {"site": "north", "block": "stress", "pue": 1.2}
    assert len(solved(small_case(tmp_path / "b", **firm, cooling=[hot])).tables["training"]) == 0


def test_checker_knows_the_season(tmp_path):
    """Power that was enough on the yearly figure is missed by the checker in the hot hours."""
    plan = solved(small_case(tmp_path, cooling=[{"site": "north", "quarter": 3, "block": "stress", "pue": 1.5}]))
    assert violations(plan, "energy", lambda t: t.assign(mw=np.where((t["period"] == "2027Q3") & (t["block"] == "stress"), t["mw"] / 1.5 * 1.1, t["mw"]))) >= {
        "power"
    }


def test_refusals(tmp_path):
    """Rows that contradict each other, say nothing or can never hold are refused."""
    both = [{"site": "north", "quarter": 3, "pue": 1.5}, {"site": "north", "pue": 1.2}]
    assert "must be filled in all rows of a site or in none" in refused(tmp_path / "a", cooling=both)
    assert "must be filled in all rows" in refused(tmp_path / "b", cooling=[{"site": "north", "block": "calm", "pue": 1.5}, {"site": "north", "pue": 1.2}])
    assert "the row gives no figure" in refused(tmp_path / "c", cooling=[{"site": "north", "quarter": 3}])
    assert "between 1 and 4" in refused(tmp_path / "d", cooling=[{"site": "north", "quarter": 5, "pue": 1.2}])
    with pytest.raises(DataError, match="no period of the case is in that quarter"):
        small_case(tmp_path / "e", {"periods": 1}, cooling=[{"site": "north", "quarter": 3, "pue": 1.2}])
    text = refused(tmp_path / "f", grid=None, tariffs=None, cooling=[{"site": "north", "pue": 1.2}])
    assert "cooling" in text and "pue" in text
