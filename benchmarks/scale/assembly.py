"""Seconds and memory to build about a million demand columns; one JSON line per run in ``benchmarks/results/assembly.jsonl``.

Run ``python benchmarks/scale/assembly.py`` from the checkout. The case is made up and only its size means anything: every site may
serve every metro, so that no rule makes the work lighter.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import time
import tracemalloc
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from placement.case.case import Block, Case, empty_table  # noqa: E402
from placement.demand import build_demand  # noqa: E402
from placement.rules import Scope  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "assembly.jsonl"
TARGET_S = 5.0


def table(which: str, /, **columns: Any) -> pd.DataFrame:
    """Return a typed table from columns (a scalar fills a column); the others are blank."""
    size = max(len(c) for c in columns.values() if not np.isscalar(c))
    blanks: dict[str, Any] = {"float64": np.nan, "int64": 0, "bool": False}
    typed = {c: pd.Series(np.broadcast_to(columns.get(c, blanks.get(str(kind), "")), size), dtype=kind) for c, kind in empty_table(which).dtypes.items()}
    return pd.DataFrame(typed)


def ids(prefix: str, n: int) -> np.ndarray[Any, Any]:
    """Return ids such as s0, s1, ..."""
    return np.array([f"{prefix}{i}" for i in range(n)], dtype=object)


def cross(*parts: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """Return the columns of the cross product."""
    return [g.ravel() for g in np.meshgrid(*parts, indexing="ij")]


def large_case(sites: int, metros: int, services: int, jobs: int, periods: int, seed: int = 0) -> Case:
    """Return a case in which everything is allowed: two SKUs, chips on offer everywhere, a ring of fibre with chords."""
    rng = np.random.default_rng(seed)
    s, m, v, j, k = ids("s", sites), ids("m", metros), ids("v", services), ids("j", jobs), ids("k", 2)
    nodes = np.concatenate([s, m])
    n = len(nodes)
    chords = rng.integers(0, n, (2 * n, 2))
    chords = chords[chords[:, 0] != chords[:, 1]]
    a, b = np.concatenate([nodes, nodes[chords[:, 0]]]), np.concatenate([np.roll(nodes, 1), nodes[chords[:, 1]]])
    service, metro, period = cross(v, m, np.arange(periods))
    job, job_sku = cross(j, k)
    blocks = (Block("stress", 0.05, True), Block("calm", 0.95, False))
    zone, price_period, block = cross(np.array(["z"], dtype=object), np.arange(periods), np.array([b.name for b in blocks], dtype=object))
    tables = {
        "sites": table("sites", site=s, name=s, country="NO", zone="z", pue=rng.uniform(1.05, 1.4, sites), lat_deg=0.0, lon_deg=0.0),
        "halls": table("halls", site=s, hall="h", it_mw=rng.uniform(50, 200, sites), cooling="liquid", existing=True),
        "grid": table("grid", site=s, tier="r", mw=300.0, firmness=1.0),
        "tariffs": table("tariffs", zone=zone, period=price_period, block=block, energy_usd_per_mwh=60.0, co2_kg_per_mwh=0.0),
        "skus": table("skus", sku=k, vendor="v", kw_per_unit=np.array([1.0, 1.6]), idle_share=0.1, hbm_gb=192.0, node_units=8, cooling="air"),
        "offers": table("offers", offer=k, sku=k, kind="buy", max_units=1e6, unit_price_usd=3e4),
        "jobs": table("jobs", job=j, value_musd=rng.uniform(1, 50, jobs), latest=periods - 1, min_firmness=0.99, min_hbm_gb=0.0, loss_hours_per_outage=0.0),
        "job_skus": table("job_skus", job=job, sku=job_sku, units=rng.integers(500, 20_000, len(job)), duration_periods=rng.integers(1, 4, len(job))),
        "metros": table("metros", metro=m, name=m, country="NO", lat_deg=0.0, lon_deg=0.0),
        "services": table(
            "services", service=v, slo_rtt_ms=1e4, peak_to_mean=1.6, hbm_gb=300.0, price_usd_per_mtok=1.0, unmet_usd_per_mtok=2.0,
            weights_gb=600.0, refresh_hours=6.0, origin=s[rng.integers(0, sites, services)],
        ),
        "service_skus": table("service_skus", service=v, sku=k[np.arange(services) % 2], tok_per_s=900.0),
        "demand": table("demand", service=service, metro=metro, period=period, mtok_per_day=rng.uniform(1e3, 1e5, len(service))),
        "links": table("links", link=ids("e", len(a)), a=a, b=b, km=rng.uniform(20, 900, len(a)), gbps=400.0),
    }  # fmt: skip
    tables["sites"]["outages_per_year"] = 0.0
    return Case(name="assembly", n_periods=periods, blocks=blocks, tables=tables)


def measure(case: Case) -> dict[str, Any]:
    """Return seconds (of a run without tracing) and the peak of memory (of a second run that is traced)."""
    build_demand(Scope(large_case(3, 3, 1, 1, 2)))  # imports and caches
    began = time.perf_counter()
    columns = build_demand(Scope(case)).columns
    seconds = time.perf_counter() - began
    size, entries = len(columns), len(columns.use.value)
    del columns
    resident_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tracemalloc.start()
    build_demand(Scope(case))
    peak_mb = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return {
        "columns": size, "entries": entries, "seconds": round(seconds, 3), "peak_mb": round(peak_mb, 1),
        "resident_peak_mb": round(resident_mb, 1), "target_s": TARGET_S, "met": seconds <= TARGET_S,
    }  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    """Measure one size and append the line."""
    args = argparse.ArgumentParser(description=__doc__)
    for name, size in (("sites", 60), ("metros", 60), ("services", 12), ("jobs", 80), ("periods", 20)):
        args.add_argument(f"--{name}", type=int, default=size)
    args.add_argument("--dry", action="store_true", help="print the line, do not append it")
    given = vars(args.parse_args(argv))
    dry = given.pop("dry")
    line = {
        "benchmark": "assembly", "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time())), **given, **measure(large_case(**given)),
        "machine": platform.machine(), "cores": os.cpu_count(),
        "versions": {"python": platform.python_version(), **{n: version(n) for n in ("numpy", "pandas", "scipy", "networkx")}},
    }  # fmt: skip
    print(json.dumps(line))
    if not dry:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
