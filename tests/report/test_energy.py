"""Power and carbon on the page: stacks sum to the load and stay below the line, carbon and mix are those of the key figures."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from placement.case.case import frame
from placement.plot.power import power
from placement.report.energy import by_source, flows, suppliers, tightest
from placement.report.facts import Facts
from placement.report.measures import measures
from placement.report.sections_carbon import carbon_section
from placement.report.sections_power import MOST_ROWS, MOST_SITES, power_section
from placement.report.style import LIGHT
from tests.report.conftest import amount, cells


@pytest.fixture
def stored(corner) -> Facts:
    """The real plan with a battery at a site, a sale from a generator and a tier given up on call, all made up."""
    case, n = corner.case, corner.case.n_periods
    site = "camp-openai-stargate-uae"
    battery = {"storage": "bat", "site": site, "max_mw": 40.0, "hours": 4.0, "efficiency": 0.9, "capex_musd_per_mw": 0.1, "capex_musd_per_mwh": 0.1}
    period, tables = case.periods[-1], dict(corner.plan.tables)
    tables["storage"] = pd.DataFrame(
        [("bat", period, "base", 10.0, 0.0, 40.0), ("bat", period, "peak", 0.0, 0.0, 40.0), ("bat", period, "stress", 0.0, 30.0, 40.0)],
        columns=["storage", "period", "block", "charge_mw", "discharge_mw", "capacity_mw"],
    )
    tables["exports"] = pd.DataFrame([("openai-stargate-uae-solar", period, "base", 5.0)], columns=["generator", "period", "block", "mw"])
    tables["curtailment"] = pd.DataFrame([(site, "stage1", period, 20.0)], columns=["site", "tier", "period", "mw"])
    return Facts.of(dataclasses.replace(case, tables={**case.tables, "storage": frame("storage", [battery], n)}), tables)


def test_stacks_sum_to_the_load_and_stay_below_the_line(corner) -> None:
    """Suppliers sum to the energy table, block by block, and never exceed what is there."""
    df = flows(corner.facts)
    energy = corner.plan.tables["energy"]
    assert df["supplied"].sum() == pytest.approx(energy["mw"].sum())
    assert np.allclose(df[suppliers(corner.facts)].sum(axis=1) - df["taken"], df["load"])
    assert (df["supplied"] <= df["limit"] + 1e-6).all()
    one = df.set_index(["site", "period", "block"]).loc[("camp-openai-stargate-abilene", 3, "stress")]
    told = energy[(energy["site"] == "camp-openai-stargate-abilene") & (energy["period"] == corner.case.periods[3]) & (energy["block"] == "stress")]
    assert one["grid"] == pytest.approx(told.loc[told["source"] == "grid", "mw"].sum()) and one["supplied"] == pytest.approx(told["mw"].sum())


def test_storage_sale_and_demand_response_are_told(stored, corner) -> None:
    """What storage gives is a supplier, what it takes and what is sold lie below zero, what is given up lowers the line."""
    at = ["site", "period", "block"]
    new, old = (flows(f).set_index(at).sort_index().loc[("camp-openai-stargate-uae", corner.case.n_periods - 1)] for f in (stored, corner.facts))
    assert new["load"].to_dict() == pytest.approx({b: old.loc[b, "load"] + d for b, d in (("base", -15.0), ("peak", 0.0), ("stress", 30.0))})
    assert new["limit"].to_dict() == pytest.approx({b: old.loc[b, "limit"] + d for b, d in (("base", 40.0), ("peak", 40.0), ("stress", 20.0))})
    page = power_section(stored)
    assert "storage, giving" in page and "below zero: charging storage, or sold" in page and "Given up on call, MW" in page
    assert "storage, giving" not in power_section(corner.facts)


def test_figure_and_comparison_know_of_storage_as_the_page_does(stored, corner) -> None:
    """What storage gives stands in the stack of figure and comparison, what it takes below zero; the stack less that is the load, never above the line."""
    df = flows(stored).groupby(["period", "block"])[["supplied", "taken", "load", "limit"]].sum()
    last = corner.case.n_periods - 1
    for block, given in (("stress", 30.0), ("base", 0.0)):
        ax = power(stored, block=block).axes[0]
        bars = {group.get_label(): group[last].get_height() for group in ax.containers}
        assert bars.get("storage, giving", 0.0) == pytest.approx(given)
        assert -bars.get("charging storage, or sold", 0.0) == pytest.approx(df.loc[(last, block), "taken"])
        assert sum(bars.values()) == pytest.approx(df.loc[(last, block), "load"])
        line = next(p for p in ax.patches if p.get_label() == "available").get_data().values[last]
        assert sum(v for v in bars.values() if v > 0) <= line + 1e-6 and line == pytest.approx(df.loc[(last, block), "limit"])
    found = next(m for m in measures(stored) if m.key == "power_mw")
    assert found.total == pytest.approx(df["load"].groupby(level="period").max().to_numpy())
    assert {s.name for s in found.parts} == {s.name for m in measures(corner.facts) if m.key == "power_mw" for s in m.parts}


def test_figure_and_page_have_the_same_colours(stored) -> None:
    """A source of power looks the same in both."""
    page = re.findall(r'<rect x="0" y="0" width="12" height="12" class="(c\d)"[^>]*/></svg>([^<]*)', power_section(stored))
    drawn = {group.get_label(): to_hex(group[0].get_facecolor()) for group in power(stored, block="stress").axes[0].containers}
    shared = {name: colour for colour, name in page if name in drawn}
    assert len(shared) >= 3 and all(drawn[name] == LIGHT[colour] for name, colour in shared.items())


def test_the_table_of_use_has_the_tightest_block(corner) -> None:
    """The printed share of each site and period is the largest of its blocks."""
    df = flows(corner.facts)
    most = (df["supplied"] / df["limit"]).groupby([df["site"], df["period"]], sort=False).max()
    shown = [r for r in cells(power_section(corner.facts)) if r[0] == "Frankfurt"]
    assert [amount(r[-1]) for r in shown[: corner.case.n_periods]] == pytest.approx((100 * most["reg-azure-germanywestcentral"]).tolist(), abs=0.1)
    assert (tightest(df)["supplied"] / tightest(df)["limit"]).tolist() == pytest.approx(most.tolist(), nan_ok=True)


def test_carbon_and_mix_are_those_of_the_key_figures(corner) -> None:
    """Energy, carbon and their parts sum to the key figures; shares of the mix are those of the plan table."""
    df, kpis = by_source(corner.facts), corner.plan.kpis
    assert df["gwh"].sum() == pytest.approx(kpis["energy_gwh"]) and df["kt"].sum() == pytest.approx(kpis["co2_kt"])
    parts = df.groupby("kind")["kt"].sum()
    assert parts["grid"] == pytest.approx(kpis["co2_grid_kt"]) and parts["contracts"] == pytest.approx(kpis["co2_contracts_kt"])
    mix = corner.plan.tables["mix"].set_index(["tech", "period"])["gwh"]
    for r in df.groupby(["tech", "period"])["gwh"].sum().reset_index().itertuples():
        assert mix[r.tech, corner.case.periods[r.period]] == pytest.approx(r.gwh)


def test_the_page_prints_carbon_by_period_and_intensity(corner) -> None:
    """Rows of the tables sum to the horizon; the intensity is carbon over energy."""
    rows = cells(carbon_section(corner.facts))
    shown = [r for r in rows if len(r) == 4 and r[0] in corner.case.periods]
    start = next(i for i, r in enumerate(rows) if r[:2] == ["Period", "Energy, GWh"])
    intensity = [[amount(v) for v in r[1:]] for r in rows[start + 1 : start + 1 + corner.case.n_periods]]
    assert len(shown) >= corner.case.n_periods
    assert sum(r[0] for r in intensity) == pytest.approx(corner.plan.kpis["energy_gwh"], abs=0.5)
    assert sum(r[1] for r in intensity) == pytest.approx(corner.plan.kpis["co2_kt"], abs=0.5)
    for gwh, kt, kg in intensity:
        assert kg == pytest.approx(kt / gwh * 1000, rel=0.01)


def test_a_cap_is_a_line_and_raised_by_offsets(corner) -> None:
    """A period without a cap breaks the line; offsets bought are shown beside it."""
    caps = frame("carbon_caps", [{"period": 0, "kt": 600.0}, {"period": 2, "kt": 250.0}], corner.case.n_periods)
    tables = {**corner.plan.tables, "offsets": pd.DataFrame([(corner.case.periods[2], 80.0)], columns=["period", "kt"])}
    page = carbon_section(Facts.of(dataclasses.replace(corner.case, tables={**corner.case.tables, "carbon_caps": caps}), tables))
    rows = {r[0]: r for r in cells(page) if len(r) >= 6 and r[0] in corner.case.periods}
    assert rows[corner.case.periods[2]][-2:] == ["80.0", "250.0"] and rows[corner.case.periods[1]][-1] == "not capped"
    line = re.search(r'<path d="([^"]+)" class="limit"/>', page)
    assert line and line[1].count("M") == 2


def many_sites(n: int) -> Facts:
    """A case of ``n`` sites, each with a little grid power."""
    from placement.case.case import Case

    names = [f"s{i:03d}" for i in range(n)]
    tables = {
        "sites": frame("sites", [{"site": s, "name": f"Site {s}", "country": "NO", "lat_deg": 60.0, "lon_deg": 10.0, "zone": "z"} for s in names], 1),
        "grid": frame("grid", [{"site": s, "tier": "t", "mw": 10.0} for s in names], 1),
        "tariffs": frame("tariffs", [{"zone": "z", "period": 0, "block": "all", "energy_usd_per_mwh": 50.0, "co2_kg_per_mwh": 100.0}], 1),
    }
    case = Case(name="many", n_periods=1, tables=tables)
    energy = pd.DataFrame([(s, case.periods[0], "all", "grid", 1.0 + i / n) for i, s in enumerate(names)], columns=["site", "period", "block", "source", "mw"])
    return Facts.of(case, {"energy": energy})


def test_many_sites_are_limited_and_the_table_has_all() -> None:
    """Of 80 sites the chart shows some and says so; one period is enough."""
    page = power_section(many_sites(80))
    assert f"The {MOST_ROWS} of 80 sites that draw most; the table has all." in page and f"The {MOST_SITES} of 80 sites that draw most" in page
    assert len({r[0] for r in cells(page) if r[0].startswith("Site s")}) == 80
    assert "100 kg/MWh on average" in carbon_section(many_sites(3)).replace("\u202f", " ")
