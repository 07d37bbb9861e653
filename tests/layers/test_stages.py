"""Stages of manufacture that SKUs of all vendors share."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import PERIODS, TABLES, small_case, solved, violations

STAGES = [{"stage": "packaging", "period": t, "capacity": 100} for t in PERIODS]
TAKES = [
    {"sku": "old", "stage": "packaging", "use_per_unit": 0.1},
    {"sku": "new", "stage": "packaging", "use_per_unit": 0.2},
]
UNLIMITED = [{**r, "capacity": 1e6} for r in STAGES]


def ordered(plan) -> dict[str, float]:
    """Units ordered by SKU."""
    return plan.tables["orders"].groupby("sku")["units"].sum().to_dict()


def test_a_scarce_stage_is_shared_by_all_vendors(tmp_path):
    """Both vendors' chips together stay within the stage: with 20 wafers in place of many the plan serves less."""
    free = solved(small_case(tmp_path / "a", stages=UNLIMITED, sku_stages=TAKES))
    few = solved(small_case(tmp_path / "b", stages=[{**STAGES[0], "capacity": 20}], sku_stages=TAKES))
    assert sum(0.1 * u if k == "old" else 0.2 * u for k, u in ordered(free).items()) > 20
    assert sum(0.1 * u if k == "old" else 0.2 * u for k, u in ordered(few).items()) == pytest.approx(20)
    assert few.objective > free.objective + 1
    assert few.tables["stages"].to_dict("records") == [{"stage": "packaging", "period": "2027Q1", "used": pytest.approx(20), "capacity": 20}]
    assert few.kpis["stage_use_max_share"] == pytest.approx(1)


def test_the_sku_that_needs_less_of_a_scarce_stage_wins(tmp_path):
    """The job takes the old chips when new ones need fifty times more of a stage that is short: worked out by hand."""
    takes = [{**TAKES[0], "use_per_unit": 0.01}, {**TAKES[1], "use_per_unit": 1}]
    plan = solved(
        small_case(tmp_path, stages=[{**STAGES[0], "capacity": 10}], sku_stages=takes, services=None, service_skus=None, demand=None, metros=None, links=None)
    )
    assert ordered(plan) == {"old": pytest.approx(1000)}  # 1000 x 0.01 wafers; 500 new ones would take 500


def test_the_lead_says_which_period_is_hit(tmp_path):
    """Chips that arrive in the first period passed the stage before it, so its later capacity does not bind; arrivals two periods on do."""
    late = [{**r, "lead_periods": 2} for r in TABLES["offers"]]
    takes = [{**r, "lead_periods": 1} for r in TAKES]
    none = [{**r, "capacity": 0} for r in STAGES]
    early = solved(small_case(tmp_path / "a", stages=none, sku_stages=[{**takes[0], "lead_periods": 0}, takes[1]]))
    assert set(ordered(early)) == {"new"}  # old ones pass in 2027Q1, where nothing is made
    plan = solved(small_case(tmp_path / "b", stages=[{**STAGES[1], "capacity": 25}], sku_stages=takes, offers=late))
    assert plan.tables["stages"][["period", "used"]].to_dict("records") == [{"period": "2027Q2", "used": pytest.approx(25)}]


def test_rows_are_as_written_by_hand(tmp_path):
    """One row per stage and period that an order can hit, with the use per unit as coefficient."""
    program, _ = assemble(build_sides(small_case(tmp_path, stages=STAGES, sku_stages=TAKES)))
    at = [i for i, name in enumerate(program.row_names) if name.startswith("stage_capacity")]
    assert [program.row_names[i] for i in at] == ["stage_capacity[packaging,0]"]
    row = program.rows[[at[0]]].tocoo()
    assert {program.supply_names[j]: v for j, v in zip(row.col, row.data, strict=True)} == {"order[q-old]": 0.1, "order[q-new]": 0.2}
    assert program.row_upper[at[0]] == 100


def test_absent_means_absent(tmp_path):
    """Without the table no row is built; the plan is that of the case without stages."""
    program, _ = assemble(build_sides(small_case(tmp_path)))
    assert not any(name.startswith("stage") for name in program.row_names)


def test_the_checker_sees_an_overdrawn_stage(tmp_path):
    """Larger orders overdraw the stage; a wrong table of its use is named."""
    plan = solved(small_case(tmp_path, stages=[{**STAGES[0], "capacity": 20}], sku_stages=TAKES))
    assert "stage_capacity" in violations(plan, "orders", lambda t: t.assign(units=t["units"] * 1.5))
    assert violations(plan, "stages", lambda t: t.assign(used=t["used"] - 1)) == {"stages.used"}
    assert violations(plan, "stages", lambda t: t.assign(capacity=41)) == {"stages.capacity"}
    assert violations(plan, "stages", lambda t: t.assign(period="2027Q2")) == {"stages.stage", "stages.used"}


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({"stages": STAGES, "sku_stages": [*TAKES, {**TAKES[0], "stage": "hbm"}]}, "stage"),
        ({"stages": [*STAGES, {**STAGES[0], "stage": "hbm"}], "sku_stages": TAKES}, "no order of a SKU with the stage passes it"),
        ({"stages": [{**STAGES[0]}], "sku_stages": [{**r, "lead_periods": 1} for r in TAKES]}, "no order of a SKU with the stage passes it"),
        ({"stages": STAGES, "sku_stages": TAKES, "offers": [TABLES["offers"][0]]}, "no offer is of this SKU"),
        ({"sku_stages": TAKES}, "is needed"),
        ({"stages": STAGES}, "is needed"),
    ],
)
def test_input_without_effect_is_refused(tmp_path, tables, problem):
    """A stage that nobody passes, and a use of a stage by chips that nobody sells, are mistakes."""
    with pytest.raises(DataError, match=problem):
        small_case(tmp_path, **tables)
