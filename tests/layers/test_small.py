"""The small case on which the layers' effects are shown."""

from __future__ import annotations

from tests.layers.small import small_case, solved, violations


def test_the_small_case_uses_all_of_itself(tmp_path):
    """Job and services are worth their place, and the checker sees what it is shown."""
    plan = solved(small_case(tmp_path))
    assert len(plan.tables["training"]) == 1
    assert plan.kpis["unserved_share"] < 1e-6
    assert violations(plan, "inference", lambda t: t.assign(share=t["share"] / 2)) >= {"demand_met"}
