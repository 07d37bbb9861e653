"""Cost per million tokens: the rule by hand, and that nothing is lost or counted twice."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from placement.case.case import Case, frame
from placement.plan.checking.tables import PLAN_TABLES
from placement.plan.figures.service_costs import service_costs
from placement.units import DAYS_PER_MONTH

DAYS = 3 * DAYS_PER_MONTH
INCOME = ["period", "revenue_musd", "running_musd", "lease_musd", "depreciation_musd", "expensed_musd", "ebit_musd", "interest_musd"]


def two_services() -> tuple[Case, dict[str, pd.DataFrame]]:
    """Two periods; SKU ``new`` (2 kW, bought, two years of life) serves both services and a job, ``old`` (1 kW) only one service."""
    rows = {
        "sites": [{"site": "s", "country": "NO", "lat_deg": 60.0, "lon_deg": 10.0, "zone": "z"}],
        "skus": [{"sku": "new", "kw_per_unit": 2.0, "hbm_gb": 80.0, "life_years": 2.0}, {"sku": "old", "kw_per_unit": 1.0, "hbm_gb": 80.0}],
        "offers": [{"offer": "o", "sku": "new", "kind": "buy", "period": 0, "max_units": 500, "unit_price_usd": 1e5, "lead_periods": 1}],
        "services": [{"service": s, "slo_rtt_ms": 50.0, "hbm_gb": 10.0} for s in ("chat", "voice")],
        "metros": [{"metro": "m", "country": "NO", "lat_deg": 60.0, "lon_deg": 10.0}],
        "demand": [{"service": s, "metro": "m", "period": t, "mtok_per_day": 10.0} for s in ("chat", "voice") for t in (0, 1)],
    }
    case = Case(name="two", n_periods=2, tables={name: frame(name, found, 2) for name, found in rows.items()})
    a, b = case.periods
    tables = {name: pd.DataFrame(columns=list(t.columns)) for name, t in PLAN_TABLES.items()}
    fill = {
        "orders": [("o", "new", a, b, 400.0, 40.0)],
        "chips": [("s", "s", "old", a, 100.0, 0.0, 0.0, 100.0), ("s", "s", "old", b, 100.0, 0.0, 0.0, 100.0), ("s", "s", "new", b, 0.0, 400.0, 100.0, 200.0)],
        "inference": [
            ("chat", "m", a, "s", "old", 1.0, 100.0, 5.0), ("chat", "m", b, "s", "old", 1.0, 100.0, 5.0), ("voice", "m", b, "s", "new", 0.5, 150.0, 5.0),
        ],
        "spares": [("chat", "m", b, "s", "new", 1.0, 50.0, 5.0)],
        "income": [(a, 0.0, 3.0, 0.0, 0.0, 1.0, 0.0, 0.0), (b, 0.0, 6.0, 0.0, 5.0, 0.0, 0.0, 1.0)],
    }  # fmt: skip
    columns = {"income": INCOME}
    for name, found in fill.items():
        tables[name] = pd.DataFrame(found, columns=columns.get(name, list(PLAN_TABLES[name].columns)))
    return case, tables


def test_the_rule_by_hand() -> None:
    """40 M$ over eight quarters are 5 M$ a quarter for ``new``; the other costs of the second quarter go by power, 100 of 700 kW and so on."""
    case, tables = two_services()
    found = service_costs(case, tables).set_index(["service", "period"])
    a, b = case.periods
    assert found.loc[("chat", a), ["mtok", "cost_musd"]].tolist() == pytest.approx([10 * DAYS, 3.0 + 100 / 800])  # of 1 M$ without a life, by power in use
    own, rest = 5.0, 7.0 + 700 / 800  # of `new`; running costs, interest, the rest of the 1 M$
    power = 100 + 2 * (200 + 100)
    assert found.loc[("voice", b), "cost_musd"] == pytest.approx(own * 150 / 300 + rest * 300 / power)
    assert found.loc[("chat", b), "cost_musd"] == pytest.approx(own * 50 / 300 + rest * (100 + 2 * 50) / power)
    assert found.loc[("voice", b), "usd_per_mtok"] == pytest.approx(found.loc[("voice", b), "cost_musd"] * 1e6 / (5 * DAYS))
    assert ("voice", a) not in found.index


def test_what_has_no_life_counts_over_the_rest_of_the_horizon() -> None:
    """A site's opening counts in both quarters by power; accelerators without a life count from their arrival on, for those who use them."""
    case, tables = two_services()
    skus = case["skus"].assign(life_years=float("nan"))
    case = dataclasses.replace(case, tables={**case.tables, "skus": skus})
    a, b = case.periods
    tables["income"] = tables["income"].assign(depreciation_musd=0.0, expensed_musd=[1.0 + 40.0, 0.0])  # paid in the first quarter
    found = service_costs(case, tables).set_index(["service", "period"])["cost_musd"]
    assert found["chat", a] == pytest.approx(3.0 + 100 / 800)
    assert found["voice", b] == pytest.approx(40.0 * 150 / 300 + (7.0 + 700 / 800) * 300 / 700)


def test_idle_accelerators_are_paid_for_by_their_users() -> None:
    """Units that wait a quarter cost those that use them later, not whoever works meanwhile."""
    case, tables = two_services()
    tables["orders"] = tables["orders"].assign(arrives=case.periods[0])
    tables["income"] = tables["income"].assign(depreciation_musd=[5.0, 5.0])
    found = service_costs(case, tables).set_index(["service", "period"])["cost_musd"]
    assert found["chat", case.periods[0]] == pytest.approx(3.0 + 100 / 800)
    assert found["voice", case.periods[1]] == pytest.approx(10.0 * 150 / 300 + (7.0 + 700 / 800) * 300 / 700)


def test_without_training_all_costs_fall_on_the_services() -> None:
    """Also where services share units, so that their own peaks add up to more than is lent, and where a SKU stands idle."""
    case, tables = two_services()
    tables["chips"] = tables["chips"].assign(training=0.0)
    tables["inference"] = tables["inference"].assign(units=lambda d: 3 * d["units"])
    paid = tables["income"].drop(columns=["period", "revenue_musd", "ebit_musd"]).sum().sum()
    assert service_costs(case, tables)["cost_musd"].sum() == pytest.approx(paid)
    idle = tables["chips"].loc[tables["chips"]["sku"] == "old"]
    old = tables["inference"].assign(sku="old")
    assert service_costs(case, {**tables, "chips": idle, "inference": old, "spares": tables["spares"].iloc[:0]})["cost_musd"].sum() == pytest.approx(paid)


def test_rent_is_shared_by_the_units_of_its_kind() -> None:
    """Rented units of ``old`` are paid for by who uses ``old``."""
    case, tables = two_services()
    b = case.periods[1]
    tables["rents"] = pd.DataFrame([("r", "s", "s", "old", b, 100.0, 2.0)], columns=list(PLAN_TABLES["rents"].columns))
    tables["income"] = tables["income"].assign(lease_musd=[0.0, 2.0])
    before = service_costs(*two_services()).set_index(["service", "period"])["cost_musd"]
    after = service_costs(case, tables).set_index(["service", "period"])["cost_musd"]
    assert after["chat", b] - before["chat", b] == pytest.approx(2.0) and after["voice", b] == pytest.approx(before["voice", b])


def test_the_key_figure_is_the_total(solved) -> None:
    """Cost over tokens of all rows is ``cost_usd_per_mtok``; tokens are those of ``served_gtok``; a case without services has no rows."""
    found = service_costs(solved.case, solved.plan.tables)
    kpis = solved.plan.kpis
    assert found["mtok"].sum() == pytest.approx(kpis["served_gtok"] * 1e3)
    assert found["cost_musd"].sum() * 1e6 / found["mtok"].sum() == pytest.approx(kpis["cost_usd_per_mtok"])
    income = solved.plan.tables["income"][["running_musd", "lease_musd", "depreciation_musd", "expensed_musd", "interest_musd"]].sum().sum()
    assert 0 < found["cost_musd"].sum() < income
    lean = dataclasses.replace(solved.case, tables={k: v for k, v in solved.case.tables.items() if k not in ("services", "demand", "metros")})
    assert service_costs(lean, solved.plan.tables).empty
