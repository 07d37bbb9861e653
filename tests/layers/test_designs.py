"""Reference designs: the second hall comes sooner."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import placement
from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import PERIODS, small_case, solved, violations
from tests.layers.test_permits import dates, three_sites

DESIGN = [{"design": "d", "saved_periods": 2}]


def designed(leads: tuple[float, ...], of: str = "abc", duration: int = 2, **milestone: Any) -> dict[str, Any]:
    """Return three sites whose halls, those in ``of``, share one design, and jobs that take so many periods."""
    tables = three_sites(leads, **milestone)
    tables["halls"] = [{**row, "design": "d" if row["site"] in of else ""} for row in tables["halls"]]
    tables["job_skus"] = [{**row, "duration_periods": duration} for row in tables["job_skus"]]
    return tables


def test_the_second_hall_comes_sooner(tmp_path):
    """Halls of three periods are too late for jobs of two; once the first hall is there in the second period, the others follow in the third."""
    plain = solved(small_case(tmp_path / "a", **designed((1, 3, 3), of="")))
    assert (dates(plain), len(plain.tables["training"])) == ({"a": 1}, 1)
    again = solved(small_case(tmp_path / "b", **designed((1, 3, 3)), designs=DESIGN))
    assert dates(again) == {"a": 1, "b": 2, "c": 2}
    assert len(again.tables["training"]) == 3
    assert violations(again, "halls", lambda t: t.assign(in_service=np.where(t["site"] == "b", PERIODS[1], t["in_service"]))) >= {"hall_dates"}


def test_without_the_first_hall_there_is_no_second(tmp_path):
    """The same halls without the one that is there early: none may refer to one that refers to it, so both stay too late."""
    plan = solved(small_case(tmp_path / "a", **designed((1, 3, 3), of="bc"), designs=DESIGN))
    assert dates(plan) == {"a": 1}
    full = solved(small_case(tmp_path / "b", **designed((1, 3, 3)), designs=DESIGN))
    assert violations(full, "halls", lambda t: t[t["site"] != "a"]) >= {"hall_dates"}


def test_an_existing_hall_is_a_reference(tmp_path):
    """A running hall of the design lets the next one be there two periods sooner; its costs before the horizon fall into the first period."""
    tables = designed((1, 3, 3), duration=3)
    tables["halls"] = [{**tables["halls"][0], "existing": 1, "capex_musd": 0}, *tables["halls"][1:]]
    tables["milestones"] = tables["milestones"][1:]
    plan = solved(small_case(tmp_path, {"discount_rate": 0.0}, **tables, designs=DESIGN))
    assert {s: t for s, t in dates(plan).items() if s != "a"} == {"b": 1, "c": 1}
    sites_capex = plan.kpis["capex_sites_musd"]
    assert sites_capex == pytest.approx(2 * (1 + 0.5))
    cash = plan.tables["cash"].query("term == 'capex' and period == @PERIODS[0]")["musd"].sum()
    assert cash >= sites_capex


def test_a_late_opening_is_made_up_for(tmp_path):
    """The site can be opened in the third period; its hall takes two more, and none once the design has been seen."""
    tables = designed((1, 2, 2))
    tables["milestones"] = [tables["milestones"][0]]
    for s in "bc":
        tables["milestones"] += [
            {"site": s, "hall": "", "milestone": "land", "lead_p10": 2, "lead_p50": 2, "lead_p90": 2},
            {"site": s, "hall": "h", "milestone": "shell", "after": "land", "lead_p10": 2, "lead_p50": 2, "lead_p90": 2},
        ]
    plain = solved(small_case(tmp_path / "a", **{**tables, "halls": designed((1, 2, 2), of="")["halls"]}))
    assert set(dates(plain)) == {"a"}
    again = solved(small_case(tmp_path / "b", **tables, designs=DESIGN))
    assert {t for s, t in dates(again).items() if s != "a"} == {2}
    assert violations(again, "sites", lambda t: t.assign(opened=PERIODS[3])) >= {"hall_opened"}


@pytest.mark.parametrize("saved", [1, 2, 3])
@pytest.mark.parametrize("leads", [(1, 2, 3), (0, 2, 3), (2, 2, 2)])
def test_dates_agree_with_enumeration(tmp_path, leads, saved):
    """The number of jobs placed is the best over all dates of the three halls that the rule, written out as loops, allows."""
    plan = solved(small_case(tmp_path, {"discount_rate": 0.0}, **designed(leads), designs=[{"design": "d", "saved_periods": saved}]))

    def allowed(pick: tuple[int, ...]) -> bool:
        for i, t in enumerate(pick):
            lag = max(1, leads[i] - saved)
            seen = any(u + lag <= t for j, u in enumerate(pick) if j != i)
            if t < 9 and t < (max(0, leads[i] - saved) if seen else leads[i]):
                return False
        return True

    picks = [(a, b, c) for a in (0, 1, 2, 9) for b in (0, 1, 2, 9) for c in (0, 1, 2, 9)]
    assert len(plan.tables["training"]) == max(sum(t < 9 for t in pick) for pick in picks if allowed(pick))


def test_a_design_that_helps_nobody_changes_nothing(tmp_path):
    """Where the second hall could not be there sooner, the program is that without designs."""
    one, two = (assemble(build_sides(small_case(tmp_path / n, **designed((3, 1, 1), of="bc"), designs=rows)))[0] for n, rows in (("a", DESIGN), ("b", DESIGN)))
    assert not [n for n in one.row_names if n.startswith("design")]
    assert one.row_names == two.row_names


@pytest.mark.parametrize(("of", "words"), [("a", "fewer than two halls are of the design"), ("", "fewer than two halls")])
def test_refusals(tmp_path, of, words):
    """A design that is built once, or nowhere, is refused."""
    with pytest.raises(DataError, match=words):
        small_case(tmp_path, **designed((1, 1, 1), of=of), designs=DESIGN)


def test_reference_model_agrees(tmp_path):
    """The model as ordinary Pyomo has the same quick halls."""
    model = placement.to_pyomo(small_case(tmp_path, **designed((1, 3, 3)), designs=DESIGN))
    assert sorted(model.quick) == [(s, "h", t) for s in "bc" for t in (2, 3)]
