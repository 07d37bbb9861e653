"""Gates between commitments, and options on land."""

from __future__ import annotations

import pandas as pd
import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import PERIODS, TABLES, Row, Rows, edited, small_case, solved, violations
from tests.layers.test_permits import NO_CHAT, dates, three_sites

SOUTH = ("hall", "south", "s1")


def gate(held: tuple[str, str, str], first: tuple[str, str, str], lag: int = 0, name: str = "g") -> Row:
    """Return a gate from two things."""
    return dict(zip(("gate", "kind", "site", "item", "after_kind", "after_site", "after_item", "lag_periods"), (name, *held, *first, lag), strict=True))


def test_scale_waits_for_the_pilot(tmp_path):
    """Three halls could all be there in the second period; two that wait a period for the pilot are there in the third, too late for their jobs."""
    rows = [gate(("hall", s, "h"), ("hall", "a", "h"), 1, s) for s in ("b", "c")]
    plan = solved(small_case(tmp_path / "a", **three_sites(), gates=rows))
    assert (dates(plan), len(plan.tables["training"])) == ({"a": 1}, 1)
    short = [{**row, "duration_periods": 2} for row in three_sites()["job_skus"]]
    plan = solved(small_case(tmp_path / "b", **{**three_sites(), "job_skus": short}, gates=rows))
    assert dates(plan) == {"a": 1, "b": 2, "c": 2}
    assert violations(plan, "halls", lambda t: t.assign(in_service=PERIODS[1])) >= {"gate"}


def test_interconnection_is_proven_first(tmp_path):
    """A hall that waits a period for the grid tier of its site comes a period after it; the tier comes first although nothing runs on it yet."""
    rows = [gate(("hall", s, "h"), ("tier", s, "t"), 1, s) for s in "abc"]
    plan = solved(small_case(tmp_path, **three_sites(), gates=rows))
    tiers = plan.tables["grid"].set_index("site")["in_service"]
    assert dates(plan) == {"a": 1, "b": 1, "c": 1}
    assert set(tiers) == {PERIODS[0]}
    assert violations(plan, "grid", lambda t: t.assign(in_service=PERIODS[1])) >= {"gate"}


def test_a_tier_may_wait_for_a_site(tmp_path):
    """The reverse: no grid works before the site is opened; what can never come first keeps the other out for good."""
    tables = three_sites()
    shared = {"site": "a", "hall": "", "milestone": "land", "lead_p10": 2, "lead_p50": 2, "lead_p90": 2}
    rows = [gate(("tier", "b", "t"), ("site", "a", ""), 2)]
    plan = solved(small_case(tmp_path, **{**tables, "milestones": [*tables["milestones"], shared]}, gates=rows))
    assert set(plan.tables["grid"]["site"]) == {"c"}


def test_a_tier_at_a_fee_is_a_decision_too(tmp_path):
    """A rented connection without capex waits for the other site like one that is bought; without a fee it would be there already."""
    spare = {"site": "north", "tier": "spare", "mw": 5, "opex_musd_per_year": 2}
    tables = {"grid": [*edited("grid", {"site": "north"}, mw=0.5), spare], "gates": [gate(("tier", "north", "spare"), ("site", "south", ""), 1)]}
    plan = solved(small_case(tmp_path / "a", **tables))
    assert [name for name in assemble(build_sides(plan.case))[0].row_names if name.startswith("gate[")] == [f"gate[g,{t}]" for t in range(4)]
    assert violations(plan, "grid", lambda t: pd.concat([t[t["tier"] != "spare"], pd.DataFrame([["north", "spare", PERIODS[0]]], columns=t.columns)])) >= {
        "gate"
    }
    with pytest.raises(DataError, match="it is there already"):
        small_case(tmp_path / "b", **{**tables, "grid": [*edited("grid"), {**spare, "opex_musd_per_year": ""}]})


LATE: Rows = [
    {"site": "south", "hall": "", "milestone": "land", "lead_p10": 1, "lead_p50": 1, "lead_p90": 1},
    {"site": "south", "hall": "s1", "milestone": "shell", "after": "land", "lead_p10": 1, "lead_p50": 1, "lead_p90": 1},
]
ONLY_SOUTH = {"halls": [{**TABLES["halls"][0], "it_mw": 0.3}, TABLES["halls"][1]], "milestones": LATE}


def test_options_cost_a_fee_until_the_opening(tmp_path):
    """The site is opened in the second period: the option on it is held, and paid for, in the first."""
    free = solved(small_case(tmp_path / "a", **ONLY_SOUTH))
    assert list(free.tables["sites"]["opened"]) == [PERIODS[1]]
    plan = solved(small_case(tmp_path / "b", **ONLY_SOUTH, land_options=[{"site": "south", "fee_musd_per_year": 2}]))
    assert plan.tables["land_options"].to_numpy().tolist() == [["south", PERIODS[0], 1.0]]
    assert plan.kpis["lease_musd"] == pytest.approx(2 / 4)
    assert plan.objective == pytest.approx(free.objective + 2 / 4)
    assert violations(plan, "land_options", lambda t: t.iloc[:0]) >= {"option_held", "cash"}


def test_an_option_that_ends_too_early_shuts_the_site(tmp_path):
    """The land is not there before the second period, and the option ends with the first; a fee beyond what the site is worth does the same."""
    gone = solved(small_case(tmp_path / "a", **ONLY_SOUTH, land_options=[{"site": "south", "fee_musd_per_year": 0, "expires": PERIODS[0]}]))
    dear = solved(small_case(tmp_path / "b", **ONLY_SOUTH, land_options=[{"site": "south", "fee_musd_per_year": 1000}]))
    for plan in (gone, dear):
        assert not len(plan.tables["sites"])
        assert not len(plan.tables["land_options"])
    plan = solved(small_case(tmp_path / "c", **ONLY_SOUTH, land_options=[{"site": "south", "fee_musd_per_year": 1, "expires": PERIODS[1]}]))
    assert list(plan.tables["sites"]["opened"]) == [PERIODS[1]]
    assert violations(plan, "sites", lambda t: t.assign(opened=PERIODS[2])) >= {"option_expires"}


def test_a_gate_without_a_decision_adds_no_row(tmp_path):
    """Rows are written from the first period in which what is held back could be there."""
    case = small_case(tmp_path, **three_sites(), gates=[gate(("hall", "b", "h"), ("tier", "a", "t"))])
    names = assemble(build_sides(case))[0].row_names
    assert [n for n in names if n.startswith("gate")] == [f"gate[g,{t}]" for t in (1, 2, 3)]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([gate(SOUTH, ("hall", "north", "n1"))], "it is there already"),
        ([gate(("tier", "north", "n"), SOUTH)], "it is there already"),
        ([gate(("hall", "south", "s2"), ("site", "south", ""))], "must be a hall or tier of the site"),
        ([gate(SOUTH, ("tier", "south", "s"), 1, "x"), gate(("tier", "south", "s"), SOUTH, 0, "y")], "must not form a circle"),
    ],
)
def test_gates_refused(tmp_path, rows, words):
    """Gates between things that are there, unknown, or waiting for one another are refused."""
    with pytest.raises(DataError, match=words):
        small_case(tmp_path, **NO_CHAT, gates=rows)


@pytest.mark.parametrize(
    ("row", "words"),
    [({"site": "north", "fee_musd_per_year": 1}, "is open already"), ({"site": "south", "fee_musd_per_year": 0}, "costs nothing and does not end")],
)
def test_options_refused(tmp_path, row, words):
    """Options on running sites, and options without fee and end, are refused."""
    with pytest.raises(DataError, match=words):
        small_case(tmp_path, sites=edited("sites"), land_options=[row])
