"""Critical paths, tails and payments, computed by hand."""

from __future__ import annotations

import pytest

from placement.case.case import Case, frame
from placement.rules.milestones import Chain, chains, whole
from placement.rules.scope import Scope

# site s: land 1.3 -> permit 2.2 (shared; critical path 3.5), survey 0.4 aside
# hall h: order 2.0 from the first day; shell 1.5 after permit -> energise 0.25 after shell and order
ROWS = [
    ("", "land", "", 1.3, 2.0),
    ("", "permit", "land", 2.2, 0.5),
    ("", "survey", "", 0.4, 0.1),
    ("h", "order", "", 2.0, 4.0),
    ("h", "shell", "permit", 1.5, 1.0),
    ("h", "energise", "shell; order", 0.25, 0.0),
]


def case(rows: list[tuple[str, str, str, float, float]], existing: bool = False, n_periods: int = 12, **settings: int) -> Case:
    """Return a case of one site with two halls ``h`` and ``i`` and milestones (hall, name, after, lead, cost)."""
    works = [
        {"site": "s", "hall": hall, "milestone": n, "after": after, "lead_p10": lead / 2, "lead_p50": lead, "lead_p90": lead * 2, "cost_musd": musd}
        for hall, n, after, lead, musd in rows
    ]
    halls = [{"site": "s", "hall": h, "it_mw": 1.0, "existing": existing and h == "h"} for h in "hi"]
    sites = [{"site": "s", "country": "NO", "lat_deg": 0, "lon_deg": 0, "pue": 1.0}]
    tables = {"sites": sites, "halls": halls, "milestones": works}
    return Case(name="m", n_periods=n_periods, tables={t: frame(t, r, n_periods) for t, r in tables.items()}, **settings)  # type: ignore[arg-type]


def test_critical_paths() -> None:
    """Shared: 1.3 + 2.2 = 3.5, rounded up to 4. Hall: 3.5 + 1.5 + 0.25 = 5.25, rounded up to 6."""
    shared, own = chains(case(ROWS))
    assert shared["s"].finish == pytest.approx({"land": 1.3, "permit": 3.5, "survey": 0.4})
    assert (shared["s"].path, shared["s"].earliest) == (pytest.approx(3.5), 4)
    assert own["s", "h"].finish == pytest.approx({"order": 2.0, "shell": 5.0, "energise": 5.25})
    assert (own["s", "h"].path, own["s", "h"].earliest) == (pytest.approx(5.25), 6)
    assert ("s", "i") not in own


def test_tails_run_through_their_own_chain_only() -> None:
    """Shared tails end at the opening, own ones at entry into service; D = ceil(2.25) = 3, A = ceil(1.75) = 2."""
    shared, own = chains(case(ROWS))
    assert shared["s"].tails == pytest.approx({"land": 3.5, "permit": 2.2, "survey": 0.4})
    assert own["s", "h"].tails == pytest.approx({"order": 2.25, "shell": 1.75, "energise": 0.25})
    assert own["s", "h"].length == 3
    assert own["s", "h"].after_shared == pytest.approx(1.75)  # of shell; order and energise follow no shared milestone
    assert Scope.wait(own["s", "h"]) == 2


def test_payments_fall_into_the_period_of_the_start() -> None:
    """In service in 7: order floor(4.75), shell floor(5.25), energise floor(6.75). Nothing is paid before the horizon."""
    shared, own = chains(case(ROWS))
    assert sorted(own["s", "h"].payments(7)) == [(4, 4.0), (5, 1.0), (6, 0.0)]
    assert sorted(shared["s"].payments(4)) == [(0, 2.0), (1, 0.5), (3, 0.1)]
    assert sorted(shared["s"].payments(3)) == [(0, 0.5), (0, 2.0), (2, 0.1)]


def test_hall_dates_of_the_scope() -> None:
    """Hall h: own path 6, opening 4 plus wait 2. Hall i has no milestones but follows h in the domain."""
    scope = Scope(case(ROWS))
    assert scope.opening["s"].earliest == 4
    assert scope.halls["first"].tolist() == [6, 6]


def test_lead_percentile_chooses_the_column() -> None:
    """Half the leads at p10, twice at p90."""
    assert chains(case(ROWS, lead_percentile=10))[1]["s", "h"].path == pytest.approx(2.625)
    assert chains(case(ROWS, lead_percentile=90))[1]["s", "h"].path == pytest.approx(10.5)
    assert chains(case(ROWS), 90)[1]["s", "h"].path == pytest.approx(10.5)


def test_existing_site_has_no_opening() -> None:
    """A site with an existing hall counts as opened; its new hall waits for its own milestones alone."""
    rows = [("i", "order", "", 2.5, 1.0), ("i", "fit", "order", 1.0, 1.0)]
    scope = Scope(case(rows, existing=True))
    assert scope.opening == {}
    assert scope.halls["first"].tolist() == [0, 4]
    assert chains(case(rows, existing=True))[1]["s", "i"].after_shared == 0


def test_own_milestone_with_the_name_of_a_shared_one_is_meant_by_its_hall() -> None:
    """``after = grid`` within a hall that has its own grid means that one."""
    rows = [("", "grid", "", 5.0, 0.0), ("h", "grid", "", 1.0, 0.0), ("h", "shell", "grid", 1.0, 0.0)]
    assert chains(case(rows))[1]["s", "h"].path == pytest.approx(2.0)
    assert chains(case(rows))[1]["s", "h"].after_shared == 0


def test_rounding_forgives_decimal_noise() -> None:
    """0.1 + 0.2 + 0.7 periods are one period, and a payment due exactly at a period's start falls into it."""
    assert whole(0.1 + 0.2 + 0.7) == 1
    assert whole(1.0 + 1e-6) == 2
    rows = [("h", "a", "", 0.1, 1.0), ("h", "b", "a", 0.2, 1.0), ("h", "c", "b", 0.7, 1.0)]
    chain = chains(case(rows))[1]["s", "h"]
    assert (chain.earliest, chain.length) == (1, 1)
    assert sorted(chain.payments(3)) == [(2, 1.0), (2, 1.0), (2, 1.0)]


def test_no_milestones() -> None:
    """Nothing to wait for: in service at once, nothing to pay."""
    chain = Chain()
    assert (chain.earliest, chain.length, list(chain.payments(3))) == (0, 0, [])
    assert chains(case([])) == ({}, {})
