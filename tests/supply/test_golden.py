"""The rows of small cases as text, so that a changed coefficient shows as a one-line difference.

After a wanted change run with ``PLACEMENT_REWRITE_GOLDEN=1`` in the environment, read the difference, and commit it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from placement.case.case import Block, Case, frame
from placement.program import Program, assemble, build_sides

GOLDEN = Path(__file__).parent / "golden"
BLOCKS = (Block("stress", 0.1, True), Block("calm", 0.9))
N_PERIODS = 2

Rows = dict[str, list[dict[str, Any]]]

NEW, OLD = "new", "old"  # a site to be opened and one that runs
PLACE = {"country": "NO", "lat_deg": 60, "lon_deg": 10, "zone": "z"}
SITES: Rows = {
    "sites": [{"site": OLD, "pue": 1.25, **PLACE}, {"site": NEW, "pue": 1.1, "opening_cost_musd": 3, "community_mw": 9, **PLACE}],
    "halls": [
        {"site": OLD, "hall": "h1", "it_mw": 2, "cooling": "air", "existing": True, "opex_musd_per_year": 0.8},
        {"site": OLD, "hall": "h2", "it_mw": 4, "cooling": "liquid", "capex_musd": 20, "opex_musd_per_year": 1.6, "earliest": 1, "life_years": 10},
        {"site": NEW, "hall": "h1", "it_mw": 8, "cooling": "liquid", "capex_musd": 30, "life_years": 20},
    ],
    "milestones": [
        {"site": NEW, "hall": "", "milestone": "permit", "lead_p10": 0, "lead_p50": 0.5, "lead_p90": 1, "cost_musd": 2},
        {"site": NEW, "hall": "h1", "milestone": "shell", "after": "permit", "lead_p10": 0, "lead_p50": 0, "lead_p90": 0, "cost_musd": 1},
    ],
    "skus": [
        {"sku": "k", "vendor": "v", "kw_per_unit": 1.0, "idle_share": 0.2, "hbm_gb": 80, "cooling": "air", "life_years": 4, "export_class": "dual"},
        {"sku": "w", "vendor": "u", "kw_per_unit": 2.0, "hbm_gb": 192, "cooling": "liquid"},
    ],
    "offers": [
        {"offer": "qk", "sku": "k", "period": 0, "max_units": 1000, "unit_price_usd": 20_000},
        {"offer": "qw", "sku": "w", "kind": "take_or_pay", "period": 0, "max_units": 500, "unit_price_usd": 40_000, "take_share": 0.6, "lead_periods": 1},
    ],
    "installed": [{"domain": OLD, "sku": "k", "units": 300}],
    "jobs": [{"job": "j", "value_musd": 50, "min_firmness": 0.99}, {"job": "must", "value_musd": 1, "mandatory": True, "earliest": 1}],
    "job_skus": [
        {"job": "j", "sku": "k", "units": 800, "duration_periods": 1},
        {"job": "j", "sku": "w", "units": 300, "duration_periods": 1},
        {"job": "must", "sku": "w", "units": 100, "duration_periods": 1},
    ],
}
POWER: Rows = {
    "grid": [
        {"site": OLD, "tier": "r1", "mw": 4, "firmness": 0.999},
        {"site": OLD, "tier": "r2", "mw": 5, "firmness": 0.9, "capex_musd": 6, "interruptible": True, "life_years": 30},
        {"site": NEW, "tier": "r1", "mw": 7, "firmness": 0.99, "capex_musd": 4, "available": 1},
    ],
    "tariffs": [
        {"zone": "z", "period": t, "block": b.name, "energy_usd_per_mwh": 200 if b.stress else 40 + 10 * t, "co2_kg_per_mwh": 100}
        for t in range(N_PERIODS)
        for b in BLOCKS
    ],
    "profiles": [{"profile": "wind", "block": "stress", "factor": 0.2}, {"profile": "wind", "block": "calm", "factor": 0.5}],
    "ppas": [
        {"ppa": "p", "zone": "z", "tech": "wind", "max_mw": 6, "price_usd_per_mwh": 30, "profile": "wind", "start": 1, "tenor_periods": 4, "take_share": 0.8}
    ],
    "generators": [
        {"generator": "g", "site": NEW, "tech": "gas", "max_mw": 3, "capex_musd_per_mw": 1.5, "energy_usd_per_mwh": 90, "co2_kg_per_mwh": 400,
         "life_years": 15}
    ],
}  # fmt: skip
LIMITS: Rows = {
    "vendor_caps": [{"vendor": "v", "max_spend_share": 0.7}],
    "export": [{"export_class": "dual", "country": "NO", "rule": "cap", "cap_units": 900, "rule_id": "licence"}],
    "budget": [{"period": 0, "capex_musd": 60}],
}
INFERENCE: Rows = {
    "metros": [{"metro": "m", "country": "NO", "lat_deg": 59, "lon_deg": 11}],
    "services": [
        {"service": "chat", "slo_rtt_ms": 30, "peak_to_mean": 2, "hbm_gb": 300, "price_usd_per_mtok": 2, "unmet_usd_per_mtok": 3, "weights_gb": 500,
         "refresh_hours": 1, "origin": OLD}
    ],
    "service_skus": [{"service": "chat", "sku": "k", "tok_per_s": 1000}],
    "demand": [{"service": "chat", "metro": "m", "period": t, "mtok_per_day": 4320 * (t + 1)} for t in range(N_PERIODS)],
    "links": [
        {"link": "e1", "a": OLD, "b": NEW, "km": 200, "gbps": 10, "module_gbps": 40, "module_capex_musd": 0.5, "max_modules": 3, "life_years": 10},
        {"link": "e2", "a": NEW, "b": "m", "km": 100},
    ],
}  # fmt: skip

CASES: dict[str, Rows] = {"sites_and_chips": SITES, "power": SITES | POWER, "limits": SITES | LIMITS, "whole": SITES | POWER | LIMITS | INFERENCE}


def golden_case(name: str) -> Case:
    """Return one of the cases."""
    tables = {t: frame(t, rows, N_PERIODS) for t, rows in CASES[name].items()}
    if "grid" not in tables:
        tables["jobs"] = tables["jobs"].assign(min_firmness=0.0)
    return Case(
        name=name, start=2027, n_periods=N_PERIODS, period_months=12, discount_rate=0.25, blocks=BLOCKS if "grid" in tables else (Block("all", 1.0, True),),
        carbon_price_usd_per_t=50.0 if "grid" in tables else 0.0, tables=tables,
    )  # fmt: skip


def number(value: float) -> str:
    """Return a number with the digits that mean something: sums in another order must give the same text."""
    return f"{value + 0.0:.9g}"  # no -0


def side(lower: float, upper: float) -> str:
    """Return the bounds of a row in words."""
    if lower == upper:
        return f"= {number(lower)}"
    parts = [f">= {number(lower)}" if np.isfinite(lower) else "", f"<= {number(upper)}" if np.isfinite(upper) else ""]
    return " and ".join(p for p in parts if p)


def as_text(p: Program, labels: list[str]) -> str:
    """Return the objective, the rows and the columns, one entry per line, in the order of their names."""
    lines = [f"objective offset: {number(p.offset)}"]
    lines += [f"objective {label}: {number(c)}" for label, c in sorted(zip(labels, p.cost.tolist(), strict=True)) if c]
    a = p.matrix.tocsr()
    rows = []
    for i, name in enumerate(p.row_names):
        entries = slice(a.indptr[i], a.indptr[i + 1])
        terms = sorted((labels[j], number(v)) for j, v in zip(a.indices[entries], a.data[entries], strict=True))
        rows.append([f"row {name} {side(p.row_lower[i], p.row_upper[i])}", *(f"    {label}: {v}" for label, v in terms)])
    lines += [line for row in sorted(rows) for line in row]
    boxes = zip(labels, p.integer, p.lower.tolist(), p.upper.tolist(), strict=True)
    lines += sorted(f"column {label} {'integer' if i else 'real'} {number(lo)}..{number(hi)}" for label, i, lo, hi in boxes)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_rows_are_as_recorded(name: str) -> None:
    """Objective, rows and columns are those of the recorded text."""
    case = golden_case(name)
    sides = build_sides(case)
    program, variables = assemble(sides)
    labels = [v.name for v in variables]
    ids = {t: case[t + "s"][t].tolist() for t in ("job", "service", "metro", "site", "sku")} | {"domain": list(sides.scope.domains)}
    shown = {
        "training": ("job", "domain", "sku", "start"),
        "inference": ("service", "metro", "period", "site", "sku"),
        "unserved": ("service", "metro", "period"),
    }
    for kind, _, table in sides.columns.blocks():
        labels += [f"{kind}[{','.join(str(ids[c][r[c]] if c in ids else r[c]) for c in shown[kind])}]" for r in table.to_dict("records")]
    text, path = as_text(program, labels), GOLDEN / f"{name}.txt"
    if os.environ.get("PLACEMENT_REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text.splitlines() == path.read_text(encoding="utf-8").splitlines()
