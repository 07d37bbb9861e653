"""A facility case over several periods against enumeration of all opening dates: what the field calls dynamic uncapacitated facility location.

Halls are facilities with a cost when they enter service and one for every period in service; metros are clients whose demand must be served in each period
from an open site within the latency limit; serving costs energy at the site's tariff. Chips cost nothing. The best plan of all 5^3 choices of dates is
computed here from the case's numbers, with no code of the model.
"""

from __future__ import annotations

from itertools import product

import pytest

from tests.layers.small import PERIODS, small_case, solved

SITES = {"a": (10.0, 2.0, 90.0), "b": (6.0, 1.0, 150.0), "c": (3.0, 4.0, 60.0)}  # capex M$, opex M$ a year, $/MWh
NEAR = {"m1": ("a", "b"), "m2": ("b", "c"), "m3": ("a", "c")}  # sites within the latency limit
DEMAND = {"m1": (2e5, 4e5, 4e5, 8e5), "m2": (0.0, 3e5, 6e5, 6e5), "m3": (0.0, 0.0, 5e5, 5e5)}  # Mtok/day
TOK_PER_S, KW, PUE, RATE = 1000.0, 1.0, 1.2, 0.08
HOURS = 8766 / 4


def serving_musd(site: str, mtok_per_day: float) -> float:
    """Return the energy cost of one period: mean load of units sized for a peak equal to the mean."""
    units = mtok_per_day * 1e6 / 86400 / TOK_PER_S
    return units * KW / 1e3 * PUE * HOURS * SITES[site][2] / 1e6


def best_by_enumeration() -> float:
    """Return the least discounted cost over all opening dates (4: never)."""
    best = float("inf")
    for dates in product(range(5), repeat=3):
        start = dict(zip(SITES, dates, strict=True))
        total = sum(SITES[s][0] * (1 + RATE) ** (-t / 4) for s, t in start.items() if t < 4)
        for t in range(4):
            d = (1 + RATE) ** (-t / 4)
            total += d * sum(SITES[s][1] / 4 for s in SITES if start[s] <= t)
            for metro, asked in DEMAND.items():
                ways = [serving_musd(s, asked[t]) for s in NEAR[metro] if start[s] <= t]
                total += d * min(ways, default=float("inf")) if asked[t] else 0.0
        best = min(best, total)
    return best


def test_opening_dates_are_the_best_of_all(tmp_path):
    """The same optimum as enumeration; and it opens sites later than the first period where demand comes later."""
    tables = {
        "sites": [{"site": s, "country": "NO", "lat_deg": 60 + i / 10, "lon_deg": 10, "zone": s, "pue": PUE} for i, s in enumerate(SITES)],
        "halls": [
            {"site": s, "hall": "h", "it_mw": 50, "cooling": "air", "capex_musd": capex, "opex_musd_per_year": opex} for s, (capex, opex, _) in SITES.items()
        ],
        "grid": [{"site": s, "tier": "t", "mw": 100} for s in SITES],
        "tariffs": [{"zone": s, "period": t, "block": b, "energy_usd_per_mwh": SITES[s][2]} for s in SITES for t in PERIODS for b in ("stress", "calm")],
        "skus": [{"sku": "k", "vendor": "v", "kw_per_unit": KW, "hbm_gb": 80}],
        "offers": [{"offer": "q", "sku": "k", "period": PERIODS[0], "max_units": 100000, "unit_price_usd": 0}],
        "jobs": None, "job_skus": None,
        "metros": [{"metro": m, "country": "NO", "lat_deg": 60 + i / 10, "lon_deg": 11} for i, m in enumerate(NEAR)],
        "services": [{"service": "chat", "slo_rtt_ms": 10.5, "hbm_gb": 60}],
        "service_skus": [{"service": "chat", "sku": "k", "tok_per_s": TOK_PER_S}],
        "demand": [{"service": "chat", "metro": m, "period": PERIODS[t], "mtok_per_day": x} for m, asked in DEMAND.items() for t, x in enumerate(asked) if x],
        "links": [{"link": f"{m}-{s}", "a": m, "b": s, "km": 200 if s in near else 2000} for m, near in NEAR.items() for s in SITES],
    }  # fmt: skip
    plan = solved(small_case(tmp_path, **tables))
    assert plan.objective == pytest.approx(best_by_enumeration(), rel=1e-9)
    dates = dict(zip(plan.tables["halls"]["site"], plan.tables["halls"]["in_service"], strict=True))
    assert len(dates) == 2
    assert max(dates.values()) > PERIODS[0]
