"""The binding layer: by relief where it was measured, else by local prices, else what is missing to know it; and limits that are reached."""

from __future__ import annotations

import json
import re
import shutil

import pandas as pd
import pytest

import placement
from placement.plan.run_folder import BOTTLENECKS, RELIEF, check_target, read_run
from placement.report.binding import binding
from placement.report.scarcity import LAYERS, LIMITS, PASSED_ON, by_layer, reached
from placement.report.sections_prices import KINDS, limits_only, prices_section
from placement.run import write_report
from tests.report.conftest import amount, cells

RELIEFS = pd.DataFrame(
    [
        ("grid", "", "", "10% more MW", 0.0, 0.0, 3.0, float("nan")),
        ("latency", "", "", "10% more round-trip time in every SLO", 50.0, 40.0, 60.0, float("nan")),
        ("chips", "", "", "10% more accelerators", 20.0, 0.0, 30.0, float("nan")),
        ("grid", "", "oslo", "10% more MW", 999.0, 0.0, 999.0, float("nan")),
        ("latency", "chips", "", "both", 888.0, 0.0, 888.0, 2.0),
    ],
    columns=list(RELIEF),
)


def test_every_limit_belongs_to_one_layer() -> None:
    """A kind of price is in one layer or passed on to others, and nothing else is."""
    kinds = [kind for some in LAYERS.values() for kind in some]
    assert len(kinds) == len(set(kinds)) and {*kinds, *PASSED_ON} == set(KINDS)
    assert set(LIMITS) <= set(KINDS)


def test_rent_by_layer_is_price_times_limit(corner) -> None:
    """By hand: offers of accelerators and the budget of the real plan."""
    limits = limits_only(corner.plan.prices)
    found = by_layer(corner.facts, limits).set_index("layer")["musd"]
    offers = limits.loc[(limits["kind"] == "order_max") & (limits["price"] > 0)]
    most = corner.case["offers"].set_index("offer")["max_units"]
    names = offers["resource"].str.removeprefix("order_max[").str.removesuffix("]")
    assert found["accelerators on offer"] == pytest.approx((offers["price"].to_numpy() * most[names].to_numpy()).sum())
    money = limits.loc[limits["kind"] == "budget"].merge(
        corner.case["budget"].assign(period=lambda d: [corner.case.periods[t] for t in d["period"]]), on="period"
    )
    assert found["capital"] == pytest.approx((money["price"] * money["capex_musd"]).sum())
    assert found.is_monotonic_decreasing
    assert binding(corner.facts, limits, "", None).startswith(f"Scarcest by local prices: {found.index[0]} (")


def test_a_limit_that_only_binds_more_is_not_scarce(corner) -> None:
    """A negative price of an offer (more of it would have to be taken) adds nothing; one of a required share counts as it is."""
    limits = limits_only(corner.plan.prices)
    offer = limits.loc[limits["kind"] == "order_max"].iloc[[0]]
    before, after = (by_layer(corner.facts, df)["musd"].sum() for df in (limits, pd.concat([limits, offer.assign(price=-1.0)])))
    assert after == pytest.approx(before)
    row = offer.assign(kind="domestic_share", resource="domestic_share[x]", price=-1.0, place="x", sku="")
    assert by_layer(corner.facts, row)[["layer", "limits", "unknown"]].values.tolist() == [["export and home rules", 1, 1]]


def test_measured_relief_comes_before_prices(corner) -> None:
    """The sentence names the layer of the most valuable relief, its bounds and the next one; sites and pairs do not count."""
    limits = limits_only(corner.plan.prices)
    said = binding(corner.facts, limits, "", RELIEFS).replace("\u202f", " ")
    assert said == (
        "The layer that binds most is latency: 10% more round-trip time in every SLO would be worth 50 M$ "
        "(between 40 M$ and 60 M$ for certain); next chips (20 M$)."
    )
    rows = cells(prices_section(corner.facts, corner.plan.prices, "", RELIEFS))
    start = rows.index(["Layer", "Relief", "Worth", "At least", "At most"])
    assert [r[0] for r in rows[start + 1 : start + 4]] == ["latency", "chips", "grid"] and "999" not in str(rows[start : start + 5])
    nothing = RELIEFS.assign(value_musd=0.0)
    assert "No single layer binds" in binding(corner.facts, limits, "", nothing)


def test_without_prices_nothing_is_claimed(corner) -> None:
    """The page says why the layer is not known and how to find it, and still lists the limits that are reached."""
    none = corner.plan.prices.iloc[:0]
    said = binding(corner.facts, limits_only(none), "prices were not computed (time limit)", None)
    assert said.endswith("what any of them is worth is not known: prices were not computed (time limit). placement explain RUN finds it by solving again.")
    assert re.match(r"limits that are reached: \d+ of \d+ ", said)
    assert "Limits that are reached" in prices_section(corner.facts, none, "prices were not computed (time limit)")
    assert "No layer binds by local prices" in binding(corner.facts, limits_only(none), "", None)


def test_reached_limits_are_those_of_the_tables(corner) -> None:
    """Offers taken in full and sites without room, counted from the tables."""
    found = reached(corner.facts).set_index("layer")
    took = corner.plan.tables["orders"].merge(corner.case["offers"][["offer", "max_units"]], on="offer")
    full = took.loc[took["units"] >= 0.995 * took["max_units"], "offer"]
    assert sorted(found.loc["accelerators on offer", "names"]) == sorted(full) and found.loc["accelerators on offer", "of"] == len(corner.case["offers"])
    assert "Frankfurt" in found.loc["grid connections", "names"] and found.loc["capital", "names"] == ["2027Q1"]


def test_what_explain_found_is_kept_and_shown(run_folder, python) -> None:
    """``placement explain RUN`` keeps its table in the run folder, ``placement report RUN`` shows it, and the run may still be replaced."""
    done = python("-m", "placement", "explain", run_folder, "--time-limit", "2", "--workers", "1")
    assert done.returncode == 0 and BOTTLENECKS in done.stderr
    kept = read_run(run_folder).bottlenecks
    assert list(kept.columns) == list(RELIEF) and len(kept)
    page = write_report(run_folder).read_text(encoding="utf-8")
    best = kept.loc[(kept["site"] == "") & (kept["with_layer"] == "")].sort_values("value_musd").iloc[-1]
    assert "What relief would be worth" in page and (f"The layer that binds most is {best['layer']}" in page or best["value_musd"] <= 0)
    assert check_target(run_folder) == run_folder.resolve()
    assert placement.read_plan(run_folder).objective == pytest.approx(json.loads((run_folder / "summary.json").read_text())["objective"])


def test_a_damaged_table_is_refused(run_folder) -> None:
    """A table of relief that lacks a column is no table of relief; without one nothing is missing."""
    assert read_run(run_folder).bottlenecks.empty
    (run_folder / BOTTLENECKS).write_text("layer,step\ngrid,more\n", encoding="utf-8")
    with pytest.raises(placement.errors.DataError, match="with_layer"):
        read_run(run_folder)
    shutil.rmtree(run_folder)


def test_bars_of_relief_are_its_numbers(corner) -> None:
    """The chart has one bar per layer with the printed worth."""
    page = prices_section(corner.facts, corner.plan.prices, "", RELIEFS)
    rows = {r[0]: r for r in cells(page) if len(r) == 5}
    assert amount(rows["latency"][2].removesuffix("M$")) == 50.0 and "latency: 50 M$" in page.replace("\u202f", " ")
