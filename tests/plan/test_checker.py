"""The checker accepts a hand-made plan at a cost worked out by hand, and names the rule that each of many corruptions breaks."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from placement.case.case import Block, Case, dtype_of, frame
from placement.case.schema import TABLES
from placement.plan.checker import PLAN_TABLES, check, read_tables

Tables = dict[str, pd.DataFrame]
Q = ("2027Q1", "2027Q2", "2027Q3", "2027Q4")
WEIGHTS = dict.fromkeys(("capex", "opex", "energy", "contracts", "carbon", "unmet", "value", "salvage"), 1.0) | {"value": 2.0}

EXAMPLE = tomllib.loads((Path(__file__).parent / "checker_example.toml").read_text(encoding="utf-8"))


def hand_cash() -> dict[str, list[float]]:
    """Every payment of the plan by hand, M$ per period; base has 1643.625 h, peak 547.875 h, a period 91.3125 days."""
    base, peak, days = 1643.625, 547.875, 91.3125
    return {
        # t0: hall h2 half, shell (0.5 + 1 periods before Q3), permit, chips. t1: h2 half, energise, opening, b1 half, b1's grid, 2 modules.
        # t2: b1 half, tier r2, 1 module. t3: tier beta r1, 2 MW of gas.
        "capex": [20 + 3 + 2 + 40 + 12.5, 20 + 1 + 5 + 6 + 1.5 + 2 * 0.5, 6 + 6 + 0.5, 4 + 2],
        "opex": [2, 2, 2 + 1, 2 + 1 + 0.5],
        "energy": [
            1.6 * (base * 40 + peak * 100) / 1e6,
            (0.1 * base * 40 + 1.2 * peak * 100) / 1e6,
            0.2 * (base * 40 + peak * 100) / 1e6,
            (1.04 * (base * 40 + peak * 100) + 1.4 * base * 30 + 1.4 * peak * 50) / 1e6,
        ],
        "contracts": [0, 30 * 3835.125 / 1e6, 30 * 2191.5 / 1e6, 0],
        # 50 $/t on grid energy north (20 kg/MWh), south (300), contract (10), gas (400).
        "carbon": [
            0.05 * 20 * 1.6 * 2191.5 / 1e6,
            0.05 * (20 * (0.1 * base + 1.2 * peak) + 10 * 3835.125) / 1e6,
            0.05 * (20 * 0.2 + 10 * 1) * 2191.5 / 1e6,
            0.05 * (20 * 1.04 * 2191.5 + 300 * 1.4 * base + 400 * 1.4 * peak) / 1e6,
        ],
        "unmet": [0, 1 * 2160 * days / 1e6, 1 * 4320 * days / 1e6, 0],
        "value": [0, -30 - 2 * 0.75 * 8640 * days / 1e6, -2 * 8640 * days / 1e6, -8 - 1 * 4320 * days / 1e6],
    }


# At the end, a quarter of a year per period: h2 2 of 80 quarters old, tier r2 2 of 40, gas 1 of 32, modules 3 and 2 of 40, chips L 3 of 20.
HAND_SALVAGE = -(40 * 78 / 80 + 6 * 38 / 40 + 2 * 31 / 32 + 1 * 37 / 40 + 0.5 * 38 / 40 + 40 * 17 / 20)


def hand_objective() -> float:
    """The objective by hand: 21 % a year is a factor 1.1 per half year; value counts twice (card), carbon three times (case)."""
    discount = [1, 1.1**-0.5, 1.1**-1, 1.1**-1.5]
    weight = dict.fromkeys(hand_cash(), 1.0) | {"carbon": 3.0, "value": 2.0}
    sums = [weight[term] * sum(d * x for d, x in zip(discount, cash, strict=True)) for term, cash in hand_cash().items()]
    return float(sum(sums) + HAND_SALVAGE * 1.1**-2)


def records(text: str) -> list[dict[str, str]]:
    """Split a table in text into records; "-" is blank."""
    head, *body = [line.split() for line in text.splitlines()]
    return [{c: "" if v == "-" else v for c, v in zip(head, row, strict=True)} for row in body]


def case_table(name: str, text: str, n_periods: int = 4) -> pd.DataFrame:
    """Type the records of a case table; blank numbers get the schema's blank value."""
    casts: dict[str, Callable[[str], object]] = {"float64": float, "int64": int, "bool": lambda x: bool(int(x))}
    numeric = {c.name: casts[dtype_of(c)] for c in TABLES[name] if dtype_of(c) in casts}
    rows = [{c: numeric[c](v) if c in numeric else v for c, v in row.items() if v or c not in numeric} for row in records(text)]
    return frame(name, rows, n_periods)


def make_case(*without: str) -> Case:
    """The example case, less some tables."""
    return Case(
        name="example",
        start=2027 * 4,
        n_periods=4,
        discount_rate=0.21,
        carbon_price_usd_per_t=50.0,
        weights={"carbon": 3.0},
        blocks=(Block("base", 0.75), Block("peak", 0.25, True)),
        tables={name: case_table(name, text) for name, text in EXAMPLE["case"].items() if name not in without},
    )


def make_plan() -> Tables:
    """The hand-made plan as text tables, cash from the hand calculation."""
    plan = {name: pd.DataFrame(records(text), dtype=object) for name, text in EXAMPLE["plan"].items()}
    cash = [(label, term, repr(float(x))) for term, row in hand_cash().items() for label, x in zip(Q, row, strict=True) if x]
    plan["cash"] = pd.DataFrame([*cash, ("end", "salvage", repr(HAND_SALVAGE))], columns=["period", "term", "musd"], dtype=object)
    return plan


CASE_READY = make_case()


def put(table: str, column: str, value: object, **which: str) -> Callable[[Tables], object]:
    """An edit that writes ``value`` into the one row that ``which`` names."""

    def edit(plan: Tables) -> None:
        hit = np.logical_and.reduce([plan[table][c] == v for c, v in which.items()])
        assert hit.sum() == 1
        plan[table].loc[hit, column] = str(value)

    return edit


def add(table: str, *rows: str) -> Callable[[Tables], object]:
    """An edit that appends rows, cells separated by blanks."""

    def edit(plan: Tables) -> None:
        head = " ".join(plan[table].columns)
        plan[table] = pd.concat([plan[table], pd.DataFrame(records("\n".join([head, *rows])), dtype=object)], ignore_index=True)

    return edit


def drop(table: str, **which: str) -> Callable[[Tables], object]:
    """An edit that removes the rows that ``which`` names."""

    def edit(plan: Tables) -> None:
        hit = np.logical_and.reduce([plan[table][c] == v for c, v in which.items()])
        assert hit.any()
        plan[table] = plan[table][~hit].reset_index(drop=True)

    return edit


CHAT = {"service": "chat", "metro": "sto", "period": "2027Q3"}
ON_BETA = {"domain": "beta-x", "sku": "A", "period": "2027Q4"}
CORRUPTIONS: list[tuple[str, Callable[[Tables], object]]] = [
    # sites, halls, milestones
    ("hall_dates", put("halls", "in_service", "2027Q2", hall="h2")),
    ("hall_dates", add("halls", "beta b2 2027Q1 5 0")),
    ("hall_order", add("halls", "beta b2 2027Q3 5 0")),
    ("hall_opened", put("sites", "opened", "2027Q3", site="beta")),
    ("hall_opened", drop("sites", site="beta")),
    ("opened_dates", put("sites", "opened", "2027Q1", site="beta")),
    ("sites.opened", add("sites", "gamma 2027Q1")),
    ("halls.in_service", drop("halls", site="gamma")),
    ("halls.it_mw", put("halls", "it_mw", 12, hall="h2")),
    ("halls.existing", put("halls", "existing", 1, hall="b1")),
    ("milestones.start", put("milestones", "start", "2027Q2", milestone="shell")),
    ("milestones.start", drop("milestones", milestone="permit")),
    ("milestones.finish_p90", put("milestones", "finish_p90", 3.4, milestone="grid")),
    ("hall_it_mw", put("chips", "deployed", 12000, **ON_BETA)),
    ("hall_liquid_mw", put("chips", "deployed", 8500, domain="alpha", sku="L", period="2027Q4")),
    # power
    ("tier_dates", put("grid", "in_service", "2027Q1", tier="r2")),
    ("grid.in_service", drop("grid", site="gamma")),
    ("grid_limit", put("energy", "source", "grid", site="beta", block="peak")),  # an interruptible tier gives nothing at the peak
    ("ppa_output", put("contracts", "mw", 4, ppa="sun")),
    ("ppa_paid", put("paid", "mwh", 3800, period="2027Q2")),
    ("ppa_take", put("contracts", "mw", 9, ppa="sun")),
    ("ppa_dates", put("energy", "source", "ppa:sun", site="alpha", period="2027Q4", block="base")),
    ("ppa_dates", add("paid", "sun 2027Q4 10")),
    ("ppa_zone", put("energy", "source", "ppa:sun", site="beta", block="base")),
    ("contract_max", put("contracts", "mw", 11, ppa="sun")),
    ("generator_out", put("energy", "mw", 2.1, source="generator:gas")),
    ("generator_dates", add("generators", "gas 2027Q1 2", "gas 2027Q2 2", "gas 2027Q3 2")),
    ("generator_step", add("generators", "gas 2027Q3 3")),
    ("generator_max", put("generators", "mw", 7, period="2027Q4")),
    ("energy.source", put("energy", "site", "gamma", source="generator:gas")),
    ("community_cap", put("energy", "mw", 10.5, site="alpha", period="2027Q4", block="base")),
    ("power", drop("energy", site="gamma", block="peak")),
    ("firm", put("generators", "mw", 1.3, period="2027Q4")),
    # chips
    ("chip_stock", put("orders", "units", 2400, offer="o2")),
    ("order_max", put("orders", "units", 3001, offer="o1")),
    ("take_or_pay", put("orders", "units", 1999, offer="o2")),
    ("order_dates", add("orders", "o3 L 2027Q4 2027Q4 10 0.2")),
    ("orders.cost_musd", put("orders", "cost_musd", 39, offer="o1")),
    ("orders.arrives", put("orders", "arrives", "2027Q3", offer="o1")),
    ("orders.sku", put("orders", "sku", "A", offer="o1")),
    ("orders.period", put("orders", "period", "2027Q2", offer="o1")),
    ("vendor_cap", put("orders", "units", 2600, offer="o1")),
    ("export_cap", put("chips", "deployed", 3010, domain="alpha", sku="L", period="2027Q4")),
    ("export", add("chips", "gamma gamma L 2027Q4 0 10 0 0")),
    ("cooling", add("chips", "beta beta-x L 2027Q4 0 10 0 0")),
    ("deployed_step", put("chips", "deployed", 1900, domain="alpha", sku="L", period="2027Q3")),
    ("compute", put("chips", "deployed", 1700, **ON_BETA)),
    ("compute", put("chips", "serving", 300, **ON_BETA)),
    ("serving_split", put("chips", "serving", 2100, **ON_BETA)),
    ("serving_split", put("chips", "serving", -1, domain="alpha", sku="A", period="2027Q4")),
    ("serve", put("chips", "serving", 40, **ON_BETA)),
    ("chips.training", put("chips", "training", 1700, **ON_BETA)),
    ("chips.installed", put("chips", "installed", 100, **ON_BETA)),
    ("chips.site", put("chips", "site", "alpha", **ON_BETA)),
    # fibre
    ("fibre", put("fibre", "modules", 2, period="2027Q3")),
    ("fibre.load_gbps", put("fibre", "load_gbps", 40, period="2027Q2")),
    ("fibre.capacity_gbps", put("fibre", "capacity_gbps", 60, period="2027Q2")),
    ("module_step", drop("fibre", period="2027Q4")),
    ("module_max", put("fibre", "modules", 4, period="2027Q4")),
    ("module_dates", add("fibre", "e2 2027Q1 1 30 0")),
    # training
    ("placed_once", add("training", "j1 alpha alpha L 2027Q2 2027Q3 1112 30 1000 0.9")),
    ("placed_once", drop("unplaced", job="j3")),
    ("placed_once", add("unplaced", "j2 8")),
    ("mandatory", drop("training", job="j1")),
    ("requires", lambda p: [put("training", c, "2027Q3", job="j2")(p) for c in ("start", "end")]),  # before its hall
    ("units_eff", put("training", "units", 1000, job="j1")),
    ("job_window", put("training", "end", "2027Q3", job="j1")),
    ("job_window", lambda p: [put("training", c, "2027Q1", job="j2")(p) for c in ("start", "end")]),
    ("training.site", put("training", "site", "beta", job="j1")),
    ("training.value_musd", put("training", "value_musd", 31, job="j1")),
    ("unplaced.value_musd", put("unplaced", "value_musd", 3, job="j3")),
    ("memory", put("training", "sku", "A", job="j1")),
    ("cooling", put("training", "sku", "L", job="j2")),
    ("residency", put("training", "domain", "gamma", job="j1")),
    ("export", put("training", "domain", "gamma", job="j1")),
    ("eligibility", lambda p: [drop("unplaced", job="j3")(p), add("training", "j3 alpha alpha A 2027Q1 2027Q2 500 4 500 1")(p)]),
    # inference
    ("residency", put("inference", "site", "gamma", **CHAT)),
    ("latency", add("inference", "chat nyc 2027Q3 alpha L 1 100 67.240")),
    ("memory", put("inference", "sku", "A", **CHAT)),
    ("eligibility", put("inference", "sku", "L", service="bulk", site="gamma")),
    ("demand_met", put("unserved", "share", 0.2, metro="sto")),
    ("demand_met", drop("unserved", metro="nyc")),
    ("demand_met", add("unserved", "bulk sto 2027Q4 1 0")),
    (
        "demand_met",
        lambda p: [drop("inference", service="bulk", site="gamma")(p), add("unserved", "bulk nyc 2027Q4 0.5 2160")(p)],
    ),  # no penalty given
    ("demand_met", add("inference", "bulk sto 2027Q4 beta A 1 0 67")),
    ("unserved.mtok_per_day", put("unserved", "mtok_per_day", 2000, metro="sto")),
    ("share", put("inference", "share", 1.2, **CHAT)),
    ("share", put("inference", "share", -0.1, **CHAT)),
    ("inference.units", put("inference", "units", 190, **CHAT)),
    ("inference.rtt_ms", put("inference", "rtt_ms", 8, **CHAT)),
    # money
    ("cash", put("cash", "musd", 78, period="2027Q1", term="capex")),
    ("cash", drop("cash", term="salvage")),
    ("budget", put("generators", "mw", 6, period="2027Q4")),
    # the tables themselves
    ("format", lambda p: p.pop("energy")),
    ("format", lambda p: p.update(paid=p["paid"].drop(columns="mwh"))),
    ("format", lambda p: p.update(paid=p["paid"].assign(extra="1"))),
    ("format", lambda p: p.update(paid=pd.concat([p["paid"], p["paid"]["mwh"]], axis=1))),
    ("format", lambda p: p.update(paid=pd.DataFrame())),
    ("format", put("paid", "mwh", "many", period="2027Q2")),
    ("format", put("paid", "mwh", "nan", period="2027Q2")),
    ("format", put("paid", "mwh", "", period="2027Q2")),
    ("format", put("paid", "mwh", "inf", period="2027Q2")),
    ("format", put("paid", "mwh", -5, period="2027Q2")),
    ("format", put("fibre", "modules", 2.5, period="2027Q4")),
    ("format", put("halls", "existing", 2, hall="h2")),
    ("format", put("training", "domain", "oslo", job="j1")),
    ("format", put("training", "job", "j9", job="j1")),
    ("format", put("training", "start", "2028Q1", job="j1")),
    ("format", put("training", "start", "", job="j1")),
    ("format", put("halls", "hall", "b1", hall="h2")),
    ("format", put("grid", "tier", "r2", site="beta")),
    ("format", put("energy", "source", "coal", source="generator:gas")),
    ("format", put("cash", "term", "gifts", term="salvage")),
    ("format", add("paid", "sun 2027Q2 1")),
    ("format", lambda p: p.update(training=p["training"].iloc[[0, 0, 1]])),
]


@pytest.mark.parametrize(("rule", "edit"), CORRUPTIONS, ids=[f"{i}-{rule}" for i, (rule, _) in enumerate(CORRUPTIONS)])
def test_a_corrupted_plan_is_rejected_with_the_rule_it_breaks(rule: str, edit: Callable[[Tables], object]) -> None:
    """One edit of the feasible plan breaks the named rule, and the checker survives it."""
    plan = make_plan()
    edit(plan)
    verdict = check(CASE_READY, plan, WEIGHTS)
    assert not verdict.ok
    assert rule in {v.rule for v in verdict.violations}, str(verdict)


def compulsory() -> set[str]:
    """Plan tables that the hand-made case cannot do without."""
    return {name for name, t in PLAN_TABLES.items() if not t.optional and (not t.layers or any(layer in CASE_READY for layer in t.layers))}


def test_the_hand_made_plan_passes_at_the_hand_made_cost(tmp_path: Path) -> None:
    """The feasible plan, written and read back as text, is accepted at the objective worked out by hand."""
    (tmp_path / "plan").mkdir()
    for name, table in make_plan().items():
        table.to_csv(tmp_path / "plan" / f"{name}.csv", index=False)
    tables = read_tables(tmp_path)
    assert set(tables) >= compulsory()
    verdict = check(CASE_READY, tables, WEIGHTS, claimed_objective=hand_objective(), claimed_bound=hand_objective() - 1)
    assert verdict.violations == ()
    assert verdict.ok
    assert verdict.objective == pytest.approx(hand_objective(), rel=1e-12)
    assert verdict.terms["salvage"] == pytest.approx(HAND_SALVAGE / 1.21, rel=1e-12)
    paid = verdict.cash.set_index(["term", "period"])["musd"]
    assert paid["capex"].to_dict() == pytest.approx(dict(zip(Q, (77.5, 34.5, 12.5, 6.0), strict=True)))
    assert paid["salvage"].to_dict() == pytest.approx({"end": -82.0375})


@pytest.mark.parametrize("off", [-0.01, 0.01, float("nan")])
def test_a_wrong_objective_is_named(off: float) -> None:
    """A claimed objective that differs from the recomputed one, or is no number, is a violation."""
    verdict = check(CASE_READY, make_plan(), WEIGHTS, claimed_objective=hand_objective() + off)
    assert [v.rule for v in verdict.violations] == ["objective"]


@pytest.mark.parametrize(("above", "rules"), [(0.01, ["bound"]), (float("nan"), ["bound"]), (0.0, []), (-float("inf"), [])])
def test_a_bound_above_the_objective_is_named(above: float, rules: list[str]) -> None:
    """A lower bound may equal the objective but not exceed it."""
    verdict = check(CASE_READY, make_plan(), WEIGHTS, hand_objective(), hand_objective() + above)
    assert [v.rule for v in verdict.violations] == rules


def test_violations_speak_to_the_planner() -> None:
    """A violation says where in the planner's words, and how much in the rule's unit."""
    plan = make_plan()
    drop("energy", site="gamma", block="peak")(plan)
    violation = next(v for v in check(CASE_READY, plan, WEIGHTS).violations if v.rule == "power")
    assert violation.where == "site gamma 2027Q4 block peak"
    assert violation.unit == "MW"
    assert violation.amount == pytest.approx(1.3 * 0.5 * 50 / 1000)


def test_an_empty_folder_is_reported_table_by_table(tmp_path: Path) -> None:
    """Every compulsory table that is not there is named."""
    verdict = check(CASE_READY, read_tables(tmp_path), WEIGHTS)
    assert {v.where for v in verdict.violations} == {f"plan/{name}.csv" for name in compulsory()}
    assert np.isnan(verdict.objective)


ABSENT = {
    "power": (("grid", "tariffs", "profiles", "ppas", "generators"), ("grid", "contracts", "generators", "energy", "paid")),
    "inference": (("metros", "services", "service_skus", "demand", "links"), ("inference", "unserved", "fibre")),
    "training": (("jobs", "job_skus"), ("training", "unplaced")),
    "permits": (("milestones", "budget"), ("milestones",)),
    "rules and limits": (("residency", "export", "vendor_caps", "budget"), ()),
}


@pytest.mark.parametrize("layer", ABSENT)
def test_an_absent_layer_limits_nothing(layer: str) -> None:
    """Without a layer its tables may be missing, and only columns that depended on it differ."""
    case_tables, plan_tables = ABSENT[layer]
    plan = {name: table for name, table in make_plan().items() if name not in plan_tables}
    verdict = check(make_case(*case_tables), plan, WEIGHTS)
    assert {v.rule for v in verdict.violations} <= {"cash", "chips.training"}, str(verdict)
    assert np.isfinite(verdict.objective)


def test_capex_without_milestones_is_paid_at_entry() -> None:
    """A hall without milestones takes no time to build: h2 is paid in Q3 and b1 in Q4."""
    verdict = check(make_case("milestones"), {n: t for n, t in make_plan().items() if n != "milestones"}, WEIGHTS)
    capex = verdict.cash[verdict.cash["term"] == "capex"].set_index("period")["musd"]
    assert capex.to_dict() == pytest.approx(dict(zip(Q, (40 + 12.5, 5 + 2 * 0.5, 40 + 6 + 0.5, 12 + 4 + 2), strict=True)))


def changed(table: str, column: str, value: float | str | bool, **which: str) -> Case:
    """The example case with one cell of a table replaced."""
    frame_ = CASE_READY[table].copy()
    frame_.loc[np.logical_and.reduce([frame_[c] == v for c, v in which.items()]), column] = value
    return replace(CASE_READY, tables={**CASE_READY.tables, table: frame_})


HARDER = [
    ("hall_dates", replace(CASE_READY, lead_percentile=90)),
    ("goodput", changed("jobs", "loss_hours_per_outage", 60.0, job="j1")),  # 0.4
    ("size", changed("job_skus", "units", 25000, job="j2", sku="A")),  # 12.5 MW in 10 MW of halls
    ("job_window", changed("jobs", "latest", 0, job="j1")),
    ("job_window", changed("job_skus", "duration_periods", 1, job="j1", sku="L")),
    ("residency", changed("residency", "allow", False, origin="")),
    ("latency", changed("services", "slo_rtt_ms", 8.9, service="chat")),
    ("latency", changed("links", "b", "nowhere", link="e1")),
    ("fibre", changed("services", "refresh_hours", 0.9, service="chat")),
    ("power", changed("sites", "pue", 1.4, site="alpha")),
    ("firm", changed("grid", "firmness", 0.89, site="alpha")),
    ("grid_limit", changed("grid", "interruptible", True, site="alpha")),
    ("export_cap", changed("export", "cap_units", 3990.0, country="*")),
    ("vendor_cap", changed("vendor_caps", "max_spend_share", 0.76, vendor="v1")),
    ("mandatory", changed("jobs", "mandatory", True, job="j3")),
]


@pytest.mark.parametrize(("rule", "case"), HARDER, ids=[f"{i}-{rule}" for i, (rule, _) in enumerate(HARDER)])
def test_the_plan_fails_in_a_harder_case(rule: str, case: Case) -> None:
    """The same plan breaks the named rule where the case asks for more."""
    assert rule in {v.rule for v in check(case, make_plan(), WEIGHTS).violations}


def test_random_edits_never_crash_the_checker() -> None:
    """Whatever cell is replaced by whatever text, the answer is a verdict; only a harmless edit is accepted."""
    rng = random.Random(3)
    for _ in range(30):
        plan = make_plan()
        table = plan[rng.choice(sorted(plan))]
        column, row = rng.choice(list(table.columns)), rng.randrange(len(table))
        table.loc[row, column] = rng.choice([*table[column], "", "0", "7", "1e9", "-3", "beta", "2027Q1", "L", "nan"])
        verdict = check(CASE_READY, plan, WEIGHTS)
        assert verdict.ok == (not verdict.violations)
        assert str(verdict)
