"""Failure domains: jobs kept apart, and demand spread over several of them."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from placement.program import Program, assemble, build_sides
from tests.layers.small import TABLES, edited, small_case, solved, violations

TWINS = [{"job": j, "value_musd": 80, "mandatory": 1, "latest": "2027Q2", "anti_affinity": "pair"} for j in ("big", "twin")]
NO_SERVICES: dict[str, None] = dict.fromkeys(("services", "service_skus", "demand", "metros", "links"))
TWIN_SKUS = [{**row, "job": j} for j in ("big", "twin") for row in TABLES["job_skus"]]


def row_of(program: Program, name: str) -> dict[str, float]:
    """Return column name -> coefficient of a row."""
    row = program.rows[[program.row_names.index(name)]].tocoo()
    return {program.column_name(int(j)): float(v) for j, v in zip(row.col, row.data, strict=True)}


def without(rows, *columns):
    """Return rows without some columns."""
    return [{k: v for k, v in row.items() if k not in columns} for row in rows]


def test_jobs_of_a_group_run_apart(tmp_path):
    """Both jobs run at the site that is there; kept apart, one of them pays for a new site. Only their order in time would spare it, and there is no time."""
    together = solved(small_case(tmp_path / "a", jobs=without(TWINS, "anti_affinity"), job_skus=TWIN_SKUS))
    assert together.tables["training"]["site"].tolist() == ["north", "north"]
    apart = solved(small_case(tmp_path / "b", jobs=TWINS, job_skus=TWIN_SKUS))
    assert sorted(apart.tables["training"]["site"]) == ["north", "south"]
    assert apart.objective > together.objective + 1  # hall, tier and opening of the south
    assert violations(apart, "training", lambda t: t.assign(site="north", domain="north")) >= {"apart"}
    in_turn = solved(small_case(tmp_path / "c", jobs=without(TWINS, "latest"), job_skus=TWIN_SKUS))
    assert in_turn.tables["training"]["site"].tolist() == ["north", "north"]
    assert set(in_turn.tables["training"]["start"]) == {"2027Q1", "2027Q3"}


def test_checker_counts_jobs_of_a_group_for_as_long_as_they_run(tmp_path):
    """Wide gangs take two of the four periods that a narrow one would: one after the other is no violation, one period less between them is."""
    jobs = [{"job": j, "value_musd": 80, "mandatory": 1, "anti_affinity": "pair"} for j in ("big", "twin")]
    wide = [{"job": j, "sku": "old", "units": 1000, "duration_periods": 4, "max_units": 2000, "scaling_exponent": 1} for j in ("big", "twin")]
    tables = {
        "job_skus": wide,
        "skus": [TABLES["skus"][0]],
        "offers": [TABLES["offers"][0]],
        "sites": [TABLES["sites"][0]],
        "halls": [TABLES["halls"][0]],
        "grid": [TABLES["grid"][0]],
    }
    plan = solved(small_case(tmp_path, jobs=jobs, **NO_SERVICES, **tables))
    assert set(plan.tables["training"]["start"]) == {"2027Q1", "2027Q3"}
    assert "apart" in violations(plan, "training", lambda t: t.assign(start="2027Q2", end="2027Q3"))


def test_jobs_of_a_group_run_apart_in_a_failure_domain_of_several_sites(tmp_path):
    """Two sites of one failure domain count as one: without time to run in turn, both jobs have no place."""
    one = edited("sites", failure_domain="nordic")
    jobs = [{**row, "mandatory": 0} for row in TWINS]
    plan = solved(small_case(tmp_path, sites=one, jobs=jobs, job_skus=TWIN_SKUS))
    assert len(plan.tables["training"]) == 1


def test_rows_of_a_group(tmp_path):
    """One row per group, failure domain and period, over exactly the columns that run then and there."""
    sides = build_sides(small_case(tmp_path, jobs=TWINS, job_skus=TWIN_SKUS))
    program, _ = assemble(sides)
    ((_, at, frame),) = [b for b in sides.columns.blocks() if b[0] == "training"]
    south = frame["domain"] == list(sides.scope.domains).index("south")
    runs = south & (frame["start"] <= 1) & (frame["end"] >= 1)
    assert row_of(program, "apart[pair,south,1]") == {f"x[{at + j}]": 1.0 for j in frame.index[runs]}
    assert program.row_upper[program.row_names.index("apart[pair,south,1]")] == 1


def test_demand_is_spread(tmp_path):
    """One site serves all where it may; with at most 70 % per failure domain the dearer one serves the other 30 %, in every metro and period."""
    free = solved(small_case(tmp_path / "a"))
    assert set(free.tables["inference"]["site"]) == {"north"}
    plan = solved(small_case(tmp_path / "b", services=edited("services", max_share_per_domain=0.7)))
    shares = plan.tables["inference"].groupby(["metro", "period", "site"])["share"].sum()
    assert shares.xs("north", level="site").to_numpy() == pytest.approx(0.7)
    assert shares.xs("south", level="site").to_numpy() == pytest.approx(0.3)
    assert violations(plan, "inference", lambda t: t[t["site"] == "north"].assign(share=1.0)) >= {"spread"}
    sides = build_sides(plan.case)
    program, _ = assemble(sides)
    assert set(row_of(program, "spread[chat,oslo,south,2]").values()) == {1.0}
    assert program.row_upper[program.row_names.index("spread[chat,oslo,south,2]")] == 0.7


def test_blank_columns_build_nothing(tmp_path):
    """Cases that say nothing of failure domains have no such rows, and blank columns change nothing."""
    plain, _ = assemble(build_sides(small_case(tmp_path / "a")))
    blank = small_case(tmp_path / "b", sites=edited("sites", failure_domain=""), services=edited("services", max_share_per_domain=""))
    same, _ = assemble(build_sides(blank))
    assert list(plain.row_names) == list(same.row_names)
    assert (plain.matrix != same.matrix).nnz == 0
    assert not {"apart", "spread", "cover"} & {key[0] for key in plain.row_keys}


BAD = {
    "domain without use": ({"sites": edited("sites", failure_domain="d")}, "sites", "failure_domain"),
    "group of one": ({"jobs": edited("jobs", anti_affinity="g")}, "jobs", "anti_affinity"),
    "limit of all": ({"services": edited("services", max_share_per_domain=1)}, "services", "max_share_per_domain"),
    "no room": ({"services": [{**without(TABLES["services"], "unmet_usd_per_mtok")[0], "max_share_per_domain": 0.4}]}, "services", "max_share_per_domain"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(tmp_path, name):
    """Each rule names its column."""
    tables, table, column = BAD[name]
    with pytest.raises(DataError) as error:
        small_case(tmp_path, **tables)
    assert [(p.table, p.column) for p in error.value.problems] == [(table, column)]
