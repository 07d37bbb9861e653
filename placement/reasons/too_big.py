"""Jobs that are larger than anything that can be there: what they need, the most that is possible, where that stands, and the way out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.demand.gangs import gangs
from placement.reasons.sources import places
from placement.rules import Scope
from placement.units import KW_PER_MW

_SIZES = ("size", "firmness", "power")  # rules that compare an amount with the most that there can be


def too_big(scope: Scope, job: str) -> str:
    """Return what a job needs and the most that there can be, of the option that comes nearest; "" where no option fails by its size.

    The option is the fabric domain and SKU whose most is the largest share of the need.
    """
    if not len(scope.case["job_skus"]):
        return ""
    options = gangs(scope)
    own = options[(options["job"] == list(scope.case["jobs"]["job"]).index(job)) & options["rule"].isin(_SIZES)]
    found = [_compared(scope, job, option) for _, option in own.iterrows()]
    return max(found)[1] if found else ""


def _compared(scope: Scope, job: str, option: pd.Series) -> tuple[float, str]:
    """Return the most as a share of the need, and both in words with the way out."""
    f, k, units = int(option["domain"]), int(option["sku"]), float(option["units"])
    site, domain, sku = int(scope.domain_site[f]), scope.domains[f], scope.skus[k]
    it_mw = units * float(scope.kw[k]) / KW_PER_MW
    if option["rule"] == "size":
        room, supply = float(scope.room_mw[f, k].max()) / (float(scope.kw[k]) / KW_PER_MW), _supply(scope, f, k)
        most = min(float(scope.units[f, k].max()), room, supply)
        remedies = [remedy for remedy, there in (("it_mw of its halls", room), ("max_units of offers", supply)) if there < units]
        said = f"needs {units:,.0f} {sku} ({it_mw:,.1f} MW of IT) at the least; at most {most:,.0f} can be in service in {domain}"
        said += f" (its halls have room for {room:,.0f}; installed or on offer are {supply:,.0f})"
        where = places(scope.case, "job_skus", job=job, sku=str(sku))
        return most / units, f"{said}{where}. Lower units in job_skus{', or raise ' if remedies else ''}{' and '.join(remedies)}"
    least = float(scope.case["jobs"].set_index("job").loc[job, "min_firmness"])
    level = int((np.asarray(scope.levels) <= least).sum()) - 1
    need, firm = it_mw * float(scope.pue_least[site]), option["rule"] == "firmness"
    most = float((scope.firm_mw[site, level] if firm else scope.site_mw[site]).max())
    where = places(scope.case, "jobs", job=job) if firm else places(scope.case, "job_skus", job=job, sku=str(sku))
    kind = f"of firmness {least:g} " if firm else "at the meter "
    said = f"needs {need:,.4g} MW {kind}for {units:,.0f} {sku} at the least; {scope.sites[site]} has at most {most:,.4g} MW"
    return most / need, f"{said}{where}. Lower {'min_firmness in jobs' if firm else 'units in job_skus'}, or raise mw in grid or max_mw in generators"


def _supply(scope: Scope, f: int, k: int) -> float:
    """Return the most units of a SKU that a domain can have, room or not."""
    return float((scope.standing[f, k] + scope.in_age[k] * ~scope.power_included[scope.domain_site[f]] + scope.rented[f, k]).max())
