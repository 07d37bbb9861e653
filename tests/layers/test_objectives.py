"""Objectives in turn: what comes first is kept, what comes later decides among the plans that are left."""

from __future__ import annotations

import dataclasses

import pytest

import placement
from placement.errors import DataError
from placement.program import assemble, build_sides
from placement.run import check, check_run
from tests.layers.small import edited, small_case, solved, violations

CHEAP = {"services": edited("services", price_usd_per_mtok=0.0, unmet_usd_per_mtok=0.001)}  # serving does not pay: the penalty is small
SERVICE = '[[objectives]]\nname = "service"\nweights = { unmet = 1.0 }\n'
COST = '[[objectives]]\nname = "money"\nslack = SLACK\n'
CARBON = '[[objectives]]\nname = "carbon"\nweights = { emissions_kt = 1.0 }\n'


def test_service_comes_before_money(tmp_path):
    """Where serving does not pay it is left out, unless service comes before money; the same plan costs the same."""
    alone = solved(small_case(tmp_path / "a", jobs=None, job_skus=None, **CHEAP))
    first = solved(small_case(tmp_path / "b", text=SERVICE, jobs=None, job_skus=None, **CHEAP))
    assert alone.kpis["unserved_share"] > 0.3
    assert first.kpis["unserved_share"] < 1e-6
    assert first.objective > alone.objective
    service, money = first.summary["objectives"]
    assert service["name"] == "service" and service["value"] == pytest.approx(0, abs=1e-6)
    assert money["name"] == "cost" and money["value"] == pytest.approx(first.objective)


def test_a_slack_lets_carbon_choose(tmp_path):
    """With 3 % of the money to give up the carbon objective finds a plan with less carbon; without slack none is lost."""
    green = {"tariffs": [{**r, "zone": z, "co2_kg_per_mwh": kg} for r in edited("tariffs") for z, kg in (("z", 100), ("g", 5))]}
    green["sites"] = [{**r, "zone": "g" if r["site"] == "south" else "z"} for r in edited("sites")]
    money = solved(small_case(tmp_path / "m", **green))
    strict = solved(small_case(tmp_path / "s", text=COST.replace("SLACK", "0.0") + CARBON, **green))
    loose = placement.solve(small_case(tmp_path / "l", text=COST.replace("SLACK", "0.05") + CARBON, **green), rel_gap=0.0, time_limit_s=60)
    assert strict.objective == pytest.approx(money.objective, rel=1e-6)
    assert loose.verdict is not None and loose.verdict.ok
    assert loose.kpis["co2_kt"] < 0.9 * strict.kpis["co2_kt"]
    assert money.objective < loose.objective <= money.objective + 0.05 * abs(money.objective) + 1e-6
    assert loose.status is placement.Status.FEASIBLE  # five per cent were given up on purpose, and the gap says so
    assert loose.gap == pytest.approx(abs(loose.objective - money.objective) / abs(loose.objective), rel=1e-3)


def test_the_best_by_enumeration_of_weights(tmp_path):
    """Service first is the limit of an ever larger weight on it."""
    heavy = solved(small_case(tmp_path / "w", text="[weights]\nunmet = 1e6\n", jobs=None, job_skus=None, **CHEAP))
    first = solved(small_case(tmp_path / "s", text=SERVICE, jobs=None, job_skus=None, **CHEAP))
    assert first.objective == pytest.approx(heavy.objective, rel=1e-6)  # nothing is unserved, so the weight costs nothing


def test_run_folder_and_library_check_them_all(tmp_path):
    """The bound is recomputed with their rows, and a plan that leaves one is found out."""
    case = small_case(tmp_path / "case", text=SERVICE, **CHEAP)
    plan = solved(case)
    placement.write_plan(plan, tmp_path / "run")
    verdict, facts = check_run(case, tmp_path / "run")
    assert verdict.ok and facts["holds"]
    assert check(case, plan).ok
    lower = [{**s, "most": s["most"] - 1} for s in plan.summary["objectives"]]
    assert "objective_kept" in {v.rule for v in check(case, dataclasses.replace(plan, summary={**plan.summary, "objectives": lower})).violations}
    assert "demand_met" in violations(plan, "inference", lambda t: t.iloc[1:])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[objectives]]\nname = "a"\nweights = { money = 1.0 }\n', "objectives.weights.money"),
        ('[[objectives]]\nname = "a"\nweights = { unmet = -1.0 }\n', "above 0"),
        ('[[objectives]]\nname = "a"\n[[objectives]]\nname = "b"\n', "one objective only"),
        ('[[objectives]]\nname = "a"\nweights = { unmet = 1.0 }\n[[objectives]]\nname = "a"\n', "must differ"),
        ('[[objectives]]\nname = "a"\nslack = 0.1\n', "no effect in the last objective"),
        ('[[objectives]]\nname = "a"\nslack = 2\n', "share from 0 to 1"),
        ("[[objectives]]\nweights = { unmet = 1.0 }\n", "objectives.name"),
        ('[[objectives]]\nname = "a"\nprio = 3\n', "objectives.prio"),
        ("objectives = 3\n", "list of tables"),
    ],
)
def test_wrong_objectives_are_refused(tmp_path, text, said):
    """Each mistake has its line."""
    with pytest.raises(DataError, match=said):
        small_case(tmp_path, text=text) if not text.startswith("objectives") else small_case(tmp_path, settings={"objectives": 3})


def test_an_objective_without_effect_is_refused(tmp_path):
    """Nothing is moved in this case, so one that minimises moves says nothing."""
    with pytest.raises(placement.FormulationError, match="has no effect"):
        placement.solve(small_case(tmp_path, text='[[objectives]]\nname = "a"\nweights = { change = 1.0 }\n'))


def test_payments_that_cancel_do_not_scale_the_row(tmp_path):
    """Without discounting, parts of capex cancel up to rounding, such as 1e-16: the row of an objective must not be scaled by that."""
    work = [{"site": "south", "hall": "s1", "milestone": "shell", "lead_p10": 1, "lead_p50": 1, "lead_p90": 1, "cost_musd": 0.1}]
    halls = edited("halls", {"hall": "s1"}, life_years="", opex_musd_per_year="")
    text = COST.replace("SLACK", "0.0") + CARBON
    case = small_case(tmp_path, {"discount_rate": 0.0}, text, milestones=work, halls=halls)
    noise = [c for c in abs(assemble(build_sides(case))[0].cost) if 0 < c < 1e-12]
    assert noise
    assert solved(case).summary["objectives"][-1]["name"] == "carbon"
