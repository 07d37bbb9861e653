"""What holds a training job back: of the dates that its start must wait for, the last one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from placement.plan.extract import chips, orders, power, sites
from placement.plan.extract.demand import training
from placement.plan.extract.solution import Solution
from placement.units import KW_PER_MW

_ROOM = 1 - 1e-6  # of a need that counts as met


def blocked_start(solution: Solution, run: Any) -> str:
    """Return what the job of a row of ``training`` waits for at its place, with the period, such as ``chips 2027Q3``.

    The dates are those of the plan: ``window`` (earliest of the job), ``power`` and ``firm power`` of the site, ``hall``, ``chips`` (arrived, or
    installed), ``base job``. Those that fall on the last date are all named. If the job starts later than the last one it waits for
    ``other work`` while too few of the domain's chips are free, else the start is a choice (``cost``); if it starts at once, it is the pace
    there (``pace``) that holds it back.
    """
    label, start = list(solution.case.periods), list(solution.case.periods).index(run.start)
    dates = _dates(solution, run)
    last = max(dates.values())
    if start == 0:
        return f"pace {run.sku}"
    if last >= start:
        return f"{', '.join(name for name, t in dates.items() if t >= start)} {run.start}"
    free = _free_units(solution, run)
    return f"{'other work' if free[start - 1] < run.units * _ROOM else 'cost'} {label[start]}"


def _dates(solution: Solution, run: Any) -> dict[str, int]:
    """Return the first period in which each need of the gang is met in the plan."""
    case, scope = solution.case, solution.scope
    site, k = int(scope.sites.get_loc(run.site)), int(scope.skus.get_loc(run.sku))
    job = case["jobs"].set_index("job").loc[run.job]
    it_mw = run.units * scope.kw[k] / KW_PER_MW
    out = {"window": int(job["earliest"]), "hall": _first(_hall_mw(solution, run.domain), it_mw), "chips": _first(_arrived(solution, run), run.units)}
    if scope.has_power:
        out["power"] = _first(_site_mw(solution, run.site, 0.0), it_mw * scope.pue[site, :, case.stress])
        firm = _site_mw(solution, run.site, float(job["min_firmness"]))
        out["firm power"] = _first(firm, it_mw * scope.pue_most[site]) if job["min_firmness"] > 0 else 0
    base = training(solution).query("job == @job.base_job")
    if len(base):
        out["base job"] = solution.number[str(base["end"].iloc[0])] + 1 + int(job["base_lag_periods"])
    # What the plan never has, such as full power in the stress block for work that may pause there, is no need of this job.
    return {name: t if t < case.n_periods else 0 for name, t in out.items()}


def _first(amount: NDArray[np.float64], need: float | NDArray[np.float64]) -> int:
    return int((amount < need * _ROOM).sum())


def _hall_mw(solution: Solution, domain: str) -> NDArray[np.float64]:
    """IT MW of the domain's halls in service by period."""
    scope, now = solution.scope, np.arange(solution.case.n_periods)
    of = {(h.site, h.hall): h.domain for h in scope.halls.itertuples()}
    built = [(solution.number[h.in_service], h.it_mw) for h in sites.halls(solution).itertuples() if of[h.site, h.hall] == domain]
    return np.sum([mw * (now >= t) for t, mw in built], axis=0) if built else np.zeros(len(now))


def _arrived(solution: Solution, run: Any) -> NDArray[np.float64]:
    """Units of the SKU that have arrived by period, or run in the domain from the start."""
    scope, now = solution.scope, np.arange(solution.case.n_periods)
    units = scope.standing[scope.domains.get_loc(run.domain), scope.skus.get_loc(run.sku)].astype(float)
    for q in orders.orders(solution).itertuples():
        if q.sku == run.sku:
            units += q.units * (now >= solution.number[q.arrives])
    return units


def _site_mw(solution: Solution, site: str, firmness: float) -> NDArray[np.float64]:
    """MW at the meter in the stress block, of at least some firmness, by period."""
    case, now = solution.case, np.arange(solution.case.n_periods)
    out = np.zeros(len(now))
    tiers = case["grid"].set_index(["site", "tier"])
    for r in power.grid(solution).itertuples():
        row = tiers.loc[(r.site, r.tier)]
        if r.site == site and not row["interruptible"] and row["firmness"] >= firmness:
            out += row["mw"] * (now >= solution.number[r.in_service])
    own = case["generators"].set_index("generator")
    for g in power.generators(solution).itertuples():
        row = own.loc[g.generator]
        if row["site"] == site and row["firmness"] >= firmness:
            out[solution.number[g.period]] += g.mw * solution.scope.profile[row["profile"]][case.stress]
    return out


def _free_units(solution: Solution, run: Any) -> NDArray[np.float64]:
    """Units of the domain that neither jobs nor services use, by period."""
    rows = chips.chips(solution)
    here = rows[(rows["domain"] == run.domain) & (rows["sku"] == run.sku)].sort_values("period", key=lambda p: p.map(solution.number))
    return (here["installed"] + here["deployed"] - here["training"] - here["serving"]).to_numpy(float)
