"""Limits of what can ever be there, against plain loops over the tables of random cases."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from placement.case import Case
from placement.rules import Scope
from placement.rules.milestones import chains
from tests.oracle.random_cases import random_case

SEEDS = range(60)


def rows(case: Case, table: str, **where: object) -> list[dict[str, Any]]:
    """Return the rows of a table whose cells equal ``where``."""
    found: list[dict[str, Any]] = case[table].to_dict("records")  # type: ignore[assignment]
    return [r for r in found if all(r[c] == v for c, v in where.items())]


def first_in_service(case: Case) -> dict[tuple[str, str], int]:
    """Return the first period of each hall from its critical paths, the opening of its site and the hall before it."""
    shared, own = chains(case)
    out: dict[tuple[str, str], int] = {}
    latest: dict[str, int] = {}
    for h in rows(case, "halls"):
        key, domain = (h["site"], h["hall"]), h["domain"] or h["site"]
        date = 0
        if not h["existing"]:
            date = max(h["earliest"], math.ceil(own[key].path - 1e-9) if key in own else 0)
            if not rows(case, "halls", site=h["site"], existing=True):
                opening = math.ceil(shared[h["site"]].path - 1e-9) if h["site"] in shared else 0
                date = max(date, opening + (math.ceil(own[key].after_shared - 1e-9) if key in own else 0))
            date = max(date, latest.get(domain, 0))
        out[key] = latest[domain] = date
    return out


def factor(case: Case, profile: str, block: str) -> float:
    """Return the output of a profile in a block."""
    return rows(case, "profiles", profile=profile, block=block)[0]["factor"] if profile else 1.0


@pytest.mark.parametrize("seed", SEEDS)
def test_halls_and_chips(seed: int) -> None:
    """IT power of halls, of liquid halls, and units of every SKU per domain and period."""
    case = random_case(seed)
    scope, first = Scope(case), first_in_service(case)
    country = {s["site"]: s["country"] for s in rows(case, "sites")}
    for f, domain in enumerate(scope.domains):
        halls = [h for h in rows(case, "halls") if (h["domain"] or h["site"]) == domain]
        site = halls[0]["site"]
        assert scope.sites[scope.domain_site[f]] == site
        for t in range(case.n_periods):
            mw = sum(h["it_mw"] for h in halls if first[site, h["hall"]] <= t)
            liquid_mw = sum(h["it_mw"] for h in halls if first[site, h["hall"]] <= t and h["cooling"] == "liquid")
            assert scope.it_mw[f, t] == pytest.approx(mw)
            assert scope.liquid_mw[f, t] == pytest.approx(liquid_mw)
            for k, sku in enumerate(rows(case, "skus")):
                arrived = sum(q["max_units"] for q in rows(case, "offers", sku=sku["sku"]) if q["period"] + q["lead_periods"] <= t)
                installed = sum(i["units"] for i in rows(case, "installed", domain=domain, sku=sku["sku"]))
                room = (liquid_mw if sku["cooling"] == "liquid" else mw) / sku["kw_per_unit"] * 1000
                allowed = scope.policy.may_deploy(sku["export_class"], country[site]).allowed
                assert scope.units[f, k, t] == pytest.approx(installed + (min(room, arrived) if allowed else 0))


@pytest.mark.parametrize("seed", SEEDS)
def test_power(seed: int) -> None:
    """MW at the meter in the scarcest block, and firm MW of every level, per site and period."""
    case = random_case(seed)
    scope = Scope(case)
    if not scope.has_power:
        assert np.isinf(scope.site_mw).all()
        assert len(scope.levels) == 0
        return
    stress = case.blocks[case.stress].name
    for s, site in enumerate(rows(case, "sites")):
        for t in range(case.n_periods):
            tiers = [r for r in rows(case, "grid", site=site["site"]) if r["available"] <= t]
            gens = [g for g in rows(case, "generators", site=site["site"]) if g["available"] <= t]
            by_block = [
                sum(r["mw"] for r in tiers if not (b.stress and r["interruptible"])) + sum(g["max_mw"] * factor(case, g["profile"], b.name) for g in gens)
                for b in case.blocks
            ]
            cap = site["community_mw"] if not math.isnan(site["community_mw"]) else math.inf
            assert scope.site_mw[s, t] == pytest.approx(min(*by_block, cap))
            for i, level in enumerate(scope.levels):
                firm = sum(r["mw"] for r in tiers if r["firmness"] >= level and not r["interruptible"])
                firm += sum(g["max_mw"] * factor(case, g["profile"], stress) for g in gens if g["firmness"] >= level)
                assert scope.firm_mw[s, i, t] == pytest.approx(firm)
