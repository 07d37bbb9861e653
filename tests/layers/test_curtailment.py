"""Demand response: firm power given up for a credit (models/README.md section 2)."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from tests.layers.small import Row, edited, small_case, solved, violations

PEAK, LATER = 1.089, 0.429  # MW drawn in the stress block in the job's two periods, and in the other two
CALM, CALM_LATER = 0.9716667, 0.3116667  # and in the calm block
STRESS_HOURS = 0.1 * 0.25 * 8766
GAS = {"generator": "gas", "site": "north", "tech": "gas", "max_mw": 10, "capex_musd_per_mw": 0.01, "energy_usd_per_mwh": 160}


def offer(**cells: object) -> list[Row]:
    """A programme on the running site's tier."""
    return [{"site": "north", "tier": "n", "max_share": 0.5, "usd_per_mw_year": 200_000, **cells}]


def test_load_that_does_not_fall_earns_nothing(tmp_path):
    """The stress block draws more than the baseline, so that without another source nothing can be committed and nothing changes."""
    plain, plan = solved(small_case(tmp_path / "a")), solved(small_case(tmp_path / "b", curtailment=offer()))
    assert not len(plan.tables["curtailment"])
    assert plan.objective == pytest.approx(plain.objective)


def test_an_engine_earns_the_credit(tmp_path):
    """A gas engine dearer than the grid in the stress block runs there for the credit: all of the baseline is committed, by hand."""
    without = solved(small_case(tmp_path / "a", generators=[GAS]))
    assert not len(without.tables["generators"])
    plan = solved(small_case(tmp_path / "b", generators=[GAS], curtailment=offer(usd_per_mwh=50)))
    given = plan.tables["curtailment"].set_index("period")["mw"].to_dict()
    assert given == pytest.approx({"2027Q1": CALM, "2027Q2": CALM, "2027Q3": CALM_LATER, "2027Q4": CALM_LATER}, abs=1e-5)
    d = plan.case.discount
    mw = [(PEAK, CALM), (PEAK, CALM), (LATER, CALM_LATER), (LATER, CALM_LATER)]
    credit = sum(d[t] * c * (200_000 / 4 + 50 * STRESS_HOURS) / 1e6 for t, (_, c) in enumerate(mw))
    fuel = sum(d[t] * p * (160 - 150) * STRESS_HOURS / 1e6 for t, (p, _) in enumerate(mw))
    assert plan.objective == pytest.approx(without.objective - credit + fuel + 0.01 * PEAK, abs=1e-5)
    assert {"curtail_baseline", "cash"} <= violations(plan, "curtailment", lambda t: t.assign(mw=t["mw"] + 0.1))
    assert "curtail_tier" in violations(plan, "curtailment", lambda t: t.assign(mw=11.0))


def test_firm_jobs_and_credits_compete(tmp_path):
    """What is committed is not firm: a job that needs the whole tier firm leaves nothing to give up while it runs."""
    grid = [{"site": "north", "tier": "n", "mw": 1.2, "firmness": 0.999}, edited("grid", {"site": "south"}, capex_musd=500, life_years="")[1]]
    tables = {"grid": grid, "generators": [{**GAS, "firmness": 0.5}], "curtailment": offer(max_share=1)}
    free = solved(small_case(tmp_path / "a", **tables))
    firm = solved(small_case(tmp_path / "b", jobs=edited("jobs", min_firmness=0.999), **tables))
    run = sorted(set(firm.tables["training"][["start", "end"]].to_numpy().ravel()))
    most = [p.tables["curtailment"].set_index("period")["mw"].reindex(run).max() for p in (free, firm)]
    assert most[0] > 0.9
    assert most[1] == pytest.approx(1.2 - 0.825, abs=1e-6)  # the job's 500 chips of 1.5 kW at PUE 1.1
    assert {"firm", "grid_limit"} & violations(firm, "curtailment", lambda t: t.assign(mw=0.9))


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"curtailment": offer(tier="s")}, "'tier' must be a tier of the site"),
        ({"curtailment": offer(usd_per_mw_year=0)}, "has no effect: there is no credit"),
        ({"curtailment": offer(), "grid": edited("grid", {"site": "north"}, interruptible=1)}, "the tier is interruptible"),
        ({"curtailment": offer(), "blocks": ""}, "has no effect in one block of hours"),
        ({"curtailment": offer(usd_per_mw_year=0.5)}, "'usd_per_mw_year' must be 0 or at least 1"),
    ],
)
def test_bad_input_is_named(tmp_path, tables, words):
    """Column and rule are said."""
    tariffs = [{**row, "block": "all"} for row in edited("tariffs", {"block": "calm"}) if row["block"] == "calm"]
    with pytest.raises(DataError) as error:
        small_case(tmp_path, **({"tariffs": tariffs, "services": edited("services", peak_to_mean=1)} if "blocks" in tables else {}), **tables)
    assert words in str(error.value)
