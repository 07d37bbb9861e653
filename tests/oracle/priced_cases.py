"""Tiny random cases with ``pairs``, one kind per published problem and mixtures of them, and their optimum by enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from placement.case.case import Case, frame

KINDS = ("gap", "sscflp", "cflp", "uflp", "p_median", "mixed")


def priced_case(kind: str, seed: int) -> Case:
    """Return a case of 3 sites and 5 workloads; "mixed" has everything at once, and sites without capacity or siting row."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    m, n = 3, 5
    sites, workloads = [f"s{i}" for i in range(m)], [f"w{j}" for j in range(n)]
    n_jobs = {"gap": n, "sscflp": n, "cflp": 0, "uflp": 0, "p_median": n, "mixed": 2}[kind]
    capacitated, siting = kind in ("gap", "sscflp", "cflp", "mixed"), kind != "gap"
    use = rng.integers(0 if kind == "mixed" else 1, 9, (n, m)) if kind in ("gap", "mixed") else np.repeat(rng.integers(1, 9, (n, 1)), m, axis=1)
    cost = rng.integers(-5 if kind == "mixed" else 1, 40, (n, m))
    capacity = np.maximum(np.ceil(use.sum(axis=0) * rng.uniform(0.4, 0.9, m)), 1)
    limited = np.ones(m, bool) if kind != "mixed" else rng.random(m) < 0.7
    gated = np.ones(m, bool) if kind != "mixed" else rng.random(m) < 0.7
    there = rng.random((n, m)) < (0.85 if kind in ("mixed", "uflp") else 1.0)
    there[np.arange(n), rng.integers(0, m, n)] = True  # every workload has a place, and every site a workload
    there[rng.integers(0, n, m), np.arange(m)] = True
    pairs = [
        {"workload": w, "site": s, "cost_musd": float(cost[j, i]), "use": float(use[j, i]) if capacitated and limited[i] else 0.0}
        for (j, w), (i, s) in product(enumerate(workloads), enumerate(sites))
        if there[j, i]
    ]
    used = {p["site"] for p in pairs if p["use"]}
    rows = {
        "sites": [{"site": s} for s in sites],
        "jobs": [{"job": w, "mandatory": True} for w in workloads[:n_jobs]],
        "services": [{"service": w} for w in workloads[n_jobs:]],
        "pairs": pairs,
        "capacity": [{"site": s, "capacity": float(c)} for s, c, own in zip(sites, capacity, limited, strict=True) if capacitated and own and s in used],
        "siting": [{"site": s, "opening_cost_musd": float(rng.integers(0, 30))} for s, own in zip(sites, gated, strict=True) if siting and own],
    }
    tables = {name: frame(name, records, 1) for name, records in rows.items() if records}
    model = kind if kind != "mixed" else "placement"
    count = int(rng.integers(1, m + 1)) if kind == "p_median" else 1 if kind == "mixed" and len(rows["siting"]) > 1 and rng.random() < 0.5 else 0
    return Case(name=f"{kind}-{seed}", start=2027 * 4, n_periods=1, tables=tables, model=model, open_sites=count, cost_unit="k$")


def best_cost(case: Case) -> float:
    """Return the least cost over all sets of open sites and all places of the jobs, services split as is best; ``inf`` if nothing is possible."""
    sites, jobs, services = (list(case[t][c]) for t, c in (("sites", "site"), ("jobs", "job"), ("services", "service")))
    pair = {(r.workload, r.site): (r.cost_musd, r.use) for r in case["pairs"].itertuples()}
    room = dict(zip(case["capacity"]["site"], case["capacity"]["capacity"], strict=True))
    price = dict(zip(case["siting"]["site"], case["siting"]["opening_cost_musd"], strict=True))
    best = np.inf
    for chosen in product((0, 1), repeat=len(price)):
        opened = {s for s, yes in zip(price, chosen, strict=True) if yes}
        if case.open_sites and len(opened) != case.open_sites:
            continue
        usable = [s for s in sites if s in opened or s not in price]
        for places in product(usable, repeat=len(jobs)):
            if any((j, s) not in pair for j, s in zip(jobs, places, strict=True)):
                continue
            left = {s: room.get(s, np.inf) - sum(pair[j, s][1] for j, at in zip(jobs, places, strict=True) if at == s) for s in usable}
            if min(left.values(), default=0) < 0:
                continue
            fixed = sum(price[s] for s in opened) + sum(pair[j, s][0] for j, s in zip(jobs, places, strict=True))
            best = min(best, fixed + _split(services, usable, pair, left))
    return float(best)


def _split(services: list[str], usable: list[str], pair: dict[tuple[str, str], tuple[float, float]], left: dict[str, float]) -> float:
    """Return the least cost of splitting the services over the usable sites; ``inf`` if they do not fit."""
    if not services:
        return 0.0
    columns = [(w, s) for w in services for s in usable if (w, s) in pair]
    if {w for w, _ in columns} != set(services):
        return np.inf
    finite = [s for s in usable if np.isfinite(left[s])]
    serve = np.array([[float(w == v) for v, _ in columns] for w in services])
    load = np.array([[pair[c][1] * (c[1] == s) for c in columns] for s in finite]).reshape(len(finite), len(columns))
    answer = linprog([pair[c][0] for c in columns], load, [left[s] for s in finite], serve, np.ones(len(services)), bounds=(0, 1))
    return float(answer.fun) if answer.status == 0 else np.inf


def big_case(m: int, n: int, *, jobs: bool = True) -> Case:
    """Return a case with every pair of m sites and n workloads, made without a loop over the pairs."""
    rng = np.random.default_rng(m)
    sites, workloads = np.array([f"s{i}" for i in range(m)], object), np.array([f"w{j}" for j in range(n)], object)
    use = rng.integers(5, 36, n).astype(float)
    pairs = {"workload": np.repeat(workloads, m), "site": np.tile(sites, n), "cost_musd": rng.integers(1, 100, m * n).astype(float), "use": np.repeat(use, m)}
    who = "jobs" if jobs else "services"
    tables = {
        "sites": frame("sites", [{"site": s} for s in sites], 1),
        who: frame(who, [{who[:-1]: w} | ({"mandatory": True} if jobs else {}) for w in workloads], 1),
        "pairs": pd.DataFrame(pairs),
        "capacity": pd.DataFrame({"site": sites, "capacity": max(use.max(), 5 * use.sum() / m)}),
        "siting": pd.DataFrame({"site": sites, "opening_cost_musd": rng.integers(1, 200, m).astype(float)}),
    }
    return Case(name="big", start=2027 * 4, n_periods=1, tables=tables)
