"""What comes too late, against plain loops over the tables of random cases; and the program has nothing of it."""

from __future__ import annotations

import numpy as np
import pytest

from placement.program import build_sides
from placement.rules import Scope
from placement.rules.unreachable import EXCLUSIONS, unreachable
from tests.oracle.random_cases import random_case
from tests.rules.test_scope import first_in_service, rows

KINDS = {"hall", "tier", "ppa", "generator", "offer", "modules"}


def expected(seed: int) -> set[tuple[str, str, str]]:
    """Return kind and id, place and SKU of everything whose first date lies behind the horizon."""
    case = random_case(seed)
    end, first = case.n_periods, first_in_service(case)
    found = {(f"hall:{h['site']}/{h['hall']}", h["site"], "") for h in rows(case, "halls", existing=False) if first[h["site"], h["hall"]] >= end}
    found |= {(f"tier:{r['site']}/{r['tier']}", r["site"], "") for r in rows(case, "grid") if r["available"] >= end}
    found |= {(f"ppa:{r['ppa']}", r["zone"], "") for r in rows(case, "ppas") if r["start"] >= end}
    found |= {(f"generator:{r['generator']}", r["site"], "") for r in rows(case, "generators") if r["available"] >= end}
    found |= {(f"offer:{r['offer']}", "", r["sku"]) for r in rows(case, "offers") if r["period"] + r["lead_periods"] >= end}
    return found | {(f"modules:{r['link']}", "", "") for r in rows(case, "links") if r["max_modules"] and r["lead_periods"] >= end}


@pytest.mark.parametrize("first", range(0, 100, 20))
def test_everything_that_comes_too_late_is_listed(first: int) -> None:
    """Each thing once, by rule ``dates``; the sides of a program carry it beside what the demand lost."""
    for seed in range(first, first + 20):
        late = unreachable(Scope(random_case(seed)))
        assert tuple(late.columns) == EXCLUSIONS and late["n"].dtype == np.int64
        assert {(w, p, k) for w, p, k in late[["workload", "place", "sku"]].itertuples(index=False)} == expected(seed), seed
        assert not late["workload"].duplicated().any() and (late["rule"] == "dates").all() and (late["n"] == 1).all()
        exclusions = build_sides(random_case(seed)).demand.exclusions
        assert set(late["workload"]) <= set(exclusions["workload"]) and exclusions["n"].dtype == np.int64


def test_the_cases_have_most_kinds() -> None:
    """The comparison above is not empty."""
    assert {workload.split(":")[0] for seed in range(100) for workload, _, _ in expected(seed)} >= KINDS - {"modules", "ppa"}


@pytest.mark.parametrize("seed", range(0, 100, 7))
def test_every_hall_and_offer_reaches_the_model_or_is_listed(seed: int) -> None:
    """The supply side has a decision for a new hall, a paid tier, a generator and an offer exactly where nothing is reported."""
    case = random_case(seed)
    sides = build_sides(case)
    model, listed = sides.supply.model, set(unreachable(Scope(case))["workload"])

    def decided(name: str) -> set[tuple[str, ...]]:
        return {i if isinstance(i, tuple) else (i,) for i in (model.component(name) or {})}

    halls = {i[:2] for i in decided("built")}
    assert all((f"hall:{h['site']}/{h['hall']}" in listed) != ((h["site"], h["hall"]) in halls) for h in rows(case, "halls", existing=False))
    tiers = {i[:2] for i in decided("tier_on")}
    assert all((f"tier:{r['site']}/{r['tier']}" in listed) != ((r["site"], r["tier"]) in tiers) for r in rows(case, "grid") if r["capex_musd"] > 0)
    plants = {i[0] for i in decided("generator_cap")}
    assert all((f"generator:{r['generator']}" in listed) != (r["generator"] in plants) for r in rows(case, "generators"))
    assert all((f"offer:{r['offer']}" in listed) != ((r["offer"],) in decided("order")) for r in rows(case, "offers"))
