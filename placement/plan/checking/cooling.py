"""What the community and the cooling plant of a site take: power, heat, water (models/README.md section 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.seasons import seasonal
from placement.plan.checking.verdict import ABSOLUTE, axes, rows
from placement.units import USD_PER_MUSD


def check_community(facts: Facts, total: Floats) -> None:
    """Check the power at the meter (s,t,b) against the community's cap and what is granted against benefits; pay these."""
    rows, said, found = facts.case["local_benefits"], facts.plan["local_benefits"], facts.found
    extra = np.zeros(total.shape[:2])
    extra[codes(facts.site_ids, said["site"]), said["period"].to_numpy(int)] = said["extra_mw"]
    largest = rows.set_index("site")["extra_mw"].reindex(facts.site_ids).fillna(0.0).to_numpy(float)
    price = rows.set_index("site")["usd_per_mw_year"].reindex(facts.site_ids).fillna(0.0).to_numpy(float) / USD_PER_MUSD
    there = axes(("site", facts.site_ids), ("", facts.case.periods), ("block", facts.block_names))
    found.at_most("local_benefits", extra, largest[:, None], axes(("site", facts.site_ids), ("", facts.case.periods)), "granted against the largest", "MW")
    cap = facts.sites["community_mw"].fillna(np.inf).to_numpy(float)[:, None, None] + extra[:, :, None]
    found.at_most("community_cap", total, np.broadcast_to(cap, total.shape), there, "facility power against the community's cap", "MW")
    facts.cash.pay("opex", np.arange(facts.n_periods), (extra * price[:, None]).sum(axis=0) * facts.case.period_months / 12)


def check_cooling(facts: Facts, draw: Floats) -> None:
    """Check heat in the stress block and water by calendar year; ``draw``: power that chips and workloads use (s,t,b), MW."""
    it_mw, case, sites = draw / np.maximum(facts.pue, 1.0), facts.case, facts.sites  # PUE 0: power is in the rent
    heat = sites["heat_mw"].fillna(np.inf).to_numpy(float)[:, None]
    there = axes(("site", facts.site_ids), ("", case.periods))
    facts.found.at_most("heat_limit", it_mw[:, :, case.stress], heat, there, "heat in the stress block against what the plant rejects", "MW")

    year = np.array([(case.start + t) * case.period_months // 12 for t in range(case.n_periods)])
    megalitres = np.nan_to_num(seasonal(case, "wue_l_per_kwh")) * it_mw * case.hours / 1000
    right = sites["water_ml_per_year"].fillna(np.inf).to_numpy(float)
    years = pd.unique(year)
    used = np.array([megalitres[:, year == y].sum(axis=(1, 2)) for y in years]).T
    share = np.array([(year == y).sum() * case.period_months / 12 for y in years])
    there = axes(("site", facts.site_ids), ("", years))
    facts.found.at_most("water", used, right[:, None] * share, there, "water used against the right", "Ml")
    granted = _granted_water(facts)
    cap = sites["community_water_ml_per_year"].fillna(np.inf).to_numpy(float)
    extra = np.array([granted[:, year == y].sum(axis=1) for y in years]).T
    _told(facts, used, right[:, None] * share, cap[:, None] * share + extra, years)
    facts.found.at_most("community_water", used, cap[:, None] * share + extra, there, "water used against the community's cap", "Ml")


def _told(facts: Facts, used: Floats, right: Floats, cap: Floats, years: Floats) -> None:
    """Check what the table `water` says of use and limits (s,y), Ml; a run without the table says nothing."""
    said, found = facts.plan["water"], facts.found
    if said.attrs.get("missing"):
        return
    s, y = codes(facts.site_ids, said["site"]), codes(pd.Index([str(year) for year in years]), said["year"])
    told = np.zeros(used.shape)
    told[s, y] = said["water_ml"]
    slack = ABSOLUTE * facts.case.hours.sum() * 12 / facts.case.period_months / 1000  # of a MW, at 1 l/kWh for a year
    found.equal("water.water_ml", told, used, axes(("site", facts.site_ids), ("", years)), "water used", "Ml", slack)
    for column, limit in (("right_ml", right), ("community_ml", cap)):
        real = np.where(np.isinf(limit), -1.0, limit)[s, y]  # -1: no limit
        found.equal(f"water.{column}", said[column].fillna(-1.0), real, rows(said, "{site} {year}"), "limit on water", "Ml", slack)


def _granted_water(facts: Facts) -> Floats:
    """Check and pay the water granted against benefits; return it by site and period, Ml."""
    rows, said = facts.case["local_benefits"].set_index("site"), facts.plan["local_benefits"]
    extra = np.zeros((len(facts.site_ids), facts.n_periods))
    extra[codes(facts.site_ids, said["site"]), said["period"].to_numpy(int)] = said["extra_ml"]
    largest, price = (rows[c].reindex(facts.site_ids).fillna(0.0).to_numpy(float)[:, None] for c in ("extra_water_ml_per_year", "usd_per_ml"))
    there = axes(("site", facts.site_ids), ("", facts.case.periods))
    facts.found.at_most("local_benefits", extra, largest * facts.case.period_months / 12, there, "water granted against the largest", "Ml")
    facts.cash.pay("opex", np.arange(facts.n_periods), (extra * price).sum(axis=0) / USD_PER_MUSD)
    return extra
