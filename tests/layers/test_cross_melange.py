"""The GPU mix of a published example, with our model of one provider's site, several SKUs and demand by size of request.

Facts: the example input and output of *Mélange* (T. Griggs, X. Liu, J. Yu, D. Kim, W.-L. Chiang, A. Cheung, I. Stoica: "Mélange: Cost Efficient Large
Language Model Serving by Exploiting GPU Heterogeneity", arXiv:2404.14527, 2024), repository ``tyler-griggs/melange-release``, ``melange/config/example.json``
at commit ebba701 and README.md at commit d46ab43, which gives the answer: 3 A10G and 1 A100-80GB for $6.70 an hour.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import pytest

from tests.layers.small import small_case, solved

MONTH = {"start": "2027-01", "periods": 1, "period_months": 1}
HOURS_PER_MONTH = 730.5
USD_PER_HOUR = {"A10G": 1.01, "A100-80GB": 3.67}
REQUESTS_PER_S = {"A10G": (2, 1, 5, 2), "A100-80GB": (20, 20, 40, 20)}  # throughput of one GPU by bucket of request size
SHARE = (0.2, 0.1, 0.5, 0.2)  # of all requests, by bucket
RATE = 30.0  # requests/s in all
PUBLISHED = {"A10G": 3, "A100-80GB": 1, "cost": 6.70}  # every bucket on one kind of GPU (slice_factor 1)

SLOTS = 120  # parts of a GPU in which every bucket's load is a whole number
SITE = {
    "sites": [{"site": "cloud", "country": "US", "lat_deg": 39, "lon_deg": -77, "pue": 1, "power_included": 1}],
    "halls": [{"site": "cloud", "hall": "h", "it_mw": 1000, "existing": 1}],
    "grid": None,
    "tariffs": None,
}


def load(gpu: str, bucket: int) -> float:
    """GPUs that serve all requests of a bucket."""
    return RATE * SHARE[bucket] / REQUESTS_PER_S[gpu][bucket]


def chips(pack: float) -> dict:
    """Both kinds of GPU, rented by the hour in packs of so many units, each a GPU or a slot of one."""
    skus = [{"sku": g, "vendor": "NVIDIA", "kw_per_unit": 1, "hbm_gb": 80} for g in USD_PER_HOUR]
    rent = {g: usd * HOURS_PER_MONTH / pack for g, usd in USD_PER_HOUR.items()}
    common = {"kind": "on_demand", "site": "cloud", "period": MONTH["start"], "max_units": 40 * pack, "pack_units": pack}
    return {"skus": skus, "offers": [{"offer": g, "sku": g, "rent_usd_per_unit_month": usd, **common} for g, usd in rent.items()]}


def answer(plan, pack: float) -> dict[str, float]:
    """GPUs of each kind, and $ an hour."""
    gpus = plan.tables["rents"].groupby("sku")["units"].sum() / pack
    return {**gpus.to_dict(), "cost": float(plan.tables["cash"].query("term == 'lease'")["musd"].sum()) * 1e6 / HOURS_PER_MONTH}


def whole_buckets() -> float:
    """The least cost where every bucket goes to one kind of GPU: all assignments, counted."""
    kinds = list(USD_PER_HOUR)
    return min(
        sum(usd * math.ceil(sum(Fraction(load(g, b)).limit_denominator(10**6) for b in range(4) if to[b] == g)) for g, usd in USD_PER_HOUR.items())
        for to in product(kinds, repeat=4)
    )


def divided_buckets() -> float:
    """The least cost where buckets may be divided (the limit of many slices): A100s take first the buckets that would need most A10G for each A100."""
    best = math.inf
    for big in range(3):
        room, small = Fraction(big), Fraction(0)
        for b in sorted(range(4), key=lambda b: load("A10G", b) / load("A100-80GB", b), reverse=True):
            need = Fraction(load("A100-80GB", b)).limit_denominator(10**6)
            stays = min(room, need)
            room -= stays
            small += (1 - stays / need) * Fraction(load("A10G", b)).limit_denominator(10**6)
        best = min(best, big * USD_PER_HOUR["A100-80GB"] + math.ceil(small) * USD_PER_HOUR["A10G"])
    return best


def test_whole_buckets_give_the_published_mix(tmp_path):
    """Each bucket is a job that takes whole slots of whole GPUs: three A10G and one A100 for $6.70, as published."""
    jobs = [{"job": f"b{b}", "value_musd": 0, "mandatory": 1} for b in range(4)]
    needs = [(b, g, load(g, b) * SLOTS) for b in range(4) for g in USD_PER_HOUR]
    assert all(units == pytest.approx(round(units)) for _, _, units in needs)
    rows = [{"job": f"b{b}", "sku": g, "units": round(units), "duration_periods": 1} for b, g, units in needs]
    nothing = dict.fromkeys(("metros", "services", "service_skus", "demand", "links"))
    case = small_case(tmp_path, MONTH, **{**SITE, **chips(SLOTS), **nothing, "jobs": jobs, "job_skus": rows})
    assert answer(solved(case), SLOTS) == pytest.approx(PUBLISHED)
    assert whole_buckets() == pytest.approx(PUBLISHED["cost"])


def test_divided_buckets_cost_less(tmp_path):
    """Buckets are services whose demand may be divided, as with many slices: one A10G and one A100 for $4.68, as worked out by hand."""
    services = [{"service": f"b{b}", "slo_rtt_ms": 100, "hbm_gb": 10, "price_usd_per_mtok": 0, "unmet_usd_per_mtok": ""} for b in range(4)]
    rates = [{"service": f"b{b}", "sku": g, "tok_per_s": REQUESTS_PER_S[g][b]} for b in range(4) for g in USD_PER_HOUR]
    demand = [{"service": f"b{b}", "metro": "users", "period": MONTH["start"], "mtok_per_day": RATE * SHARE[b] * 86400 / 1e6} for b in range(4)]
    users = [{"metro": "users", "country": "US", "lat_deg": 40, "lon_deg": -75}]
    tables = {**SITE, "jobs": None, "job_skus": None, "services": services, "service_skus": rates, "demand": demand, "metros": users}
    tables |= {**chips(1), "links": [{"link": "l", "a": "cloud", "b": "users", "km": 400}]}
    plan = solved(small_case(tmp_path, MONTH, **tables))
    assert answer(plan, 1) == pytest.approx({"A10G": 1, "A100-80GB": 1, "cost": 4.68})
    assert divided_buckets() == pytest.approx(4.68)
