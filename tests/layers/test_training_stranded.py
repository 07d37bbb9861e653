"""Capacity of fabric domains that is left over and too small for any gang."""

from __future__ import annotations

import pytest

from placement.case import Case
from tests.layers.small import Row, Rows, edited, small_case, solved, violations

ALONE: dict[str, Rows | None] = dict.fromkeys(("services", "service_skus", "metros", "demand", "links"))


def domains(folder, first: str, second: str, n_jobs: int = 3, job_skus: Row | None = None, installed: Rows | None = None) -> Case:
    """Return a case of two standing halls of 1.5 MW, in one domain or two, and jobs of 1000 units of 1 kW that take the whole year."""
    halls = [{"site": "north", "hall": h, "domain": d, "it_mw": 1.5, "existing": 1} for h, d in (("n1", first), ("n2", second))]
    jobs = [f"j{i}" for i in range(n_jobs)]
    return small_case(
        folder,
        **{
            **ALONE,
            "sites": edited("sites")[:1],
            "grid": edited("grid")[:1],
            "halls": halls,
            "skus": [{k: v for k, v in edited("skus")[0].items() if k != "life_years"}],
            "offers": [{**edited("offers")[0], "unit_price_usd": 2000}],
            "jobs": [{"job": j, "value_musd": 80} for j in jobs],
            "job_skus": [{"job": j, "sku": "old", "units": 1000, "duration_periods": 4, **(job_skus or {})} for j in jobs],
            "installed": installed,
        },
    )


def test_two_domains_strand_what_one_can_use(tmp_path):
    """3 MW in one domain hold three gangs of 1 MW; in two domains each holds one and 0.5 MW are left, too small for a third."""
    one = solved(domains(tmp_path / "a", "f", "f"))
    assert one.kpis["jobs_placed"] == 3
    assert one.tables["stranded"].empty
    assert one.kpis["usable_it_share"] == 1
    two = solved(domains(tmp_path / "b", "f1", "f2"))
    assert two.kpis["jobs_placed"] == 2
    assert len(two.tables["stranded"]) == 8  # two domains, four quarters
    assert two.tables["stranded"]["stranded_mw"].tolist() == pytest.approx([0.5] * 8)
    assert two.kpis["stranded_gang_mw_mean"] == pytest.approx(1.0)
    assert two.kpis["usable_it_share"] == pytest.approx(2 / 3)


def test_room_for_a_gang_is_not_stranded(tmp_path):
    """With one job only, the other domain is empty and holds a gang; 0.5 MW beside the job do not. A narrower width uses them."""
    plan = solved(domains(tmp_path / "a", "f1", "f2", n_jobs=1))
    used = plan.tables["training"]["domain"].iloc[0]
    assert plan.tables["stranded"]["domain"].unique().tolist() == [used]
    elastic = {"duration_periods": 2, "min_units": 500, "scaling_exponent": 1}
    assert solved(domains(tmp_path / "b", "f1", "f2", n_jobs=1, job_skus=elastic)).tables["stranded"].empty


def test_stranded_by_hand(tmp_path):
    """1200 chips stand in each domain: 200 idle beside the gang, and 0.3 MW of hall without chips; 0.5 MW in all."""
    installed = [{"domain": d, "sku": "old", "units": 1200} for d in ("f1", "f2")]
    plan = solved(domains(tmp_path, "f1", "f2", installed=installed))
    rows = plan.tables["stranded"]
    assert rows[["it_mw", "usable_mw", "stranded_mw", "stranded_units"]].values.tolist() == [pytest.approx([1.5, 1.0, 0.5, 200])] * 8
    assert plan.kpis["stranded_gang_units_end"] == pytest.approx(400)
    for column in ("it_mw", "usable_mw", "stranded_mw", "stranded_units"):
        assert f"stranded.{column}" in violations(plan, "stranded", lambda t, c=column: t.assign(**{c: t[c] * 2}))
    assert "stranded.stranded_mw" in violations(plan, "stranded", lambda t: t.iloc[:0])


def test_a_domain_without_jobs_strands_nothing(tmp_path):
    """Where the rules let no job run, all is left to services, and nothing is too small."""
    case = domains(tmp_path, "f1", "f2", n_jobs=1)
    case["jobs"]["min_hbm_gb"] = 100.0
    plan = solved(case)
    assert plan.kpis["jobs_placed"] == 0
    assert plan.tables["stranded"].empty
