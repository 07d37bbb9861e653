"""Who runs where: gangs, shares of demand, and what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from placement.plan.extract.solution import NIL, Solution, table


def _pairs(solution: Solution, above: float) -> pd.DataFrame:
    """Return the priced placements in use: codes of workload and site, use of capacity, share ``x``."""
    rows = solution.chosen("pairs", above)
    return rows if len(rows) else pd.DataFrame(columns=["workload", "site", "use", "x"])


def _placed_jobs(solution: Solution) -> pd.DataFrame:
    n_jobs, rows = len(solution.case["jobs"]), _pairs(solution, 0.5)
    rows = rows[rows["workload"] < n_jobs]
    data = {
        "job": solution.case["jobs"]["job"].to_numpy()[rows["workload"]], "site": solution.scope.sites.to_numpy()[rows["site"]], "domain": "", "sku": "",
        "start": solution.label[0], "end": solution.label[-1], "units": rows["use"].to_numpy(), "value_musd": np.nan,
        "nominal_units": np.nan, "goodput": np.nan,
    }  # fmt: skip
    return pd.DataFrame(data)


def _split_services(solution: Solution) -> pd.DataFrame:
    n_jobs, rows = len(solution.case["jobs"]), _pairs(solution, NIL)
    rows = rows[rows["workload"] >= n_jobs]
    data = {
        "service": solution.case["services"]["service"].to_numpy()[rows["workload"] - n_jobs], "metro": "", "period": solution.label[0],
        "site": solution.scope.sites.to_numpy()[rows["site"]], "sku": "", "share": rows["x"].to_numpy(),
        "units": (rows["use"] * rows["x"]).to_numpy(), "rtt_ms": np.nan,
    }  # fmt: skip
    return pd.DataFrame(data)


def training(solution: Solution) -> pd.DataFrame:
    """Return the placed jobs."""
    if "pairs" in solution.case:
        return _placed_jobs(solution)
    rows = solution.chosen("training", 0.5)
    if not len(rows):
        return table("training", [])
    jobs, f = solution.case["jobs"], rows["domain"].to_numpy()
    data = {
        "job": jobs["job"].to_numpy()[rows["job"]], "site": solution.scope.sites.to_numpy()[solution.scope.domain_site[f]],
        "domain": solution.scope.domains.to_numpy()[f], "sku": solution.scope.skus.to_numpy()[rows["sku"]], "start": solution.label[rows["start"]],
        "end": solution.label[rows["end"]], "units": rows["units"], "value_musd": jobs["value_musd"].to_numpy()[rows["job"]],
        "nominal_units": rows["nominal"], "goodput": rows["goodput"],
    }  # fmt: skip
    return pd.DataFrame(data)


def inference(solution: Solution) -> pd.DataFrame:
    """Return what each site serves of each demand."""
    if "pairs" in solution.case:
        return _split_services(solution)
    return shares(solution, "inference", "inference")


def shares(solution: Solution, kind: str, name: str) -> pd.DataFrame:
    """Return a plan table from the columns of a kind that are shares of a metro's demand at a site."""
    rows = solution.chosen(kind, NIL)
    if not len(rows):
        return table(name, [])
    data = {
        **_served(solution, rows), "site": solution.scope.sites.to_numpy()[rows["site"]], "sku": solution.scope.skus.to_numpy()[rows["sku"]],
        "share": rows["x"], "units": rows["units"] * rows["x"], "rtt_ms": rows["rtt_ms"],
    }  # fmt: skip
    return pd.DataFrame(data)


def unserved(solution: Solution) -> pd.DataFrame:
    """Return demand that is not served."""
    rows = solution.chosen("unserved", NIL)
    if not len(rows):
        return table("unserved", [])
    data = pd.DataFrame({**_served(solution, rows), "share": rows["x"]})
    asked = solution.case["demand"].assign(period=solution.label[solution.case["demand"]["period"]])
    out = data.merge(asked[["service", "metro", "period", "mtok_per_day"]], on=["service", "metro", "period"])
    return out.assign(mtok_per_day=out["mtok_per_day"] * out["share"])


def _served(solution: Solution, rows: pd.DataFrame) -> dict[str, Any]:
    services, metros = solution.case["services"]["service"].to_numpy(), solution.case["metros"]["metro"].to_numpy()
    return {"service": services[rows["service"]], "metro": metros[rows["metro"]], "period": solution.label[rows["period"]]}


def unplaced(solution: Solution) -> pd.DataFrame:
    """Return jobs that are not placed."""
    placed = set(training(solution)["job"])
    jobs = solution.case["jobs"]
    return jobs.loc[~jobs["job"].isin(placed), ["job", "value_musd"]].reset_index(drop=True)
