"""Rules on jobs and services."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case.draft import Draft, Problems, among
from placement.case.loads import loads, peaks
from placement.case.magnitudes import SOLVABLE
from placement.case.training_rules import shortest_periods
from placement.units import KW_PER_MW, SECONDS_PER_DAY


def skus_listed(d: Draft) -> Problems:
    """Every job and every service has a SKU that it can use."""
    for table, key, lists in (("jobs", "job", "job_skus"), ("services", "service", "service_skus")):
        if lists in d.case:
            bare = ~among(d[table][key], d.values(lists, key))
            yield from d.broken(table, key, bare, f"must have a row in {lists}", f"Add a row to {lists}.csv with a SKU that the {key} can use.")


def job_dates(d: Draft) -> Problems:
    """A job's window is not empty and not over when the horizon begins."""
    jobs = d["jobs"]
    over = jobs["latest"] < 0
    yield from d.broken("jobs", "latest", over, f"must not lie before the first period {d.case.periods[0]}", "Remove the job, or correct the date.")
    swapped = (jobs["earliest"] > jobs["latest"]) & ~over & d.filled("jobs", "latest")
    yield from d.broken("jobs", "latest", swapped, "must not lie before earliest", "Swap or correct the dates.")


def mandatory_windows(d: Draft) -> Problems:
    """A mandatory job fits into its window on its fastest SKU."""
    jobs = d["jobs"]
    shortest = shortest_periods(d).reindex(jobs["job"]).to_numpy(dtype=float)
    last = np.minimum(jobs["latest"], d.case.n_periods - 1)
    room = (last - jobs["earliest"] + 1).to_numpy()
    tight = jobs["mandatory"].to_numpy(dtype=bool) & (room < shortest) & (jobs["latest"] >= 0).to_numpy(dtype=bool)
    rule = "must leave a mandatory job, from earliest on and within the horizon, the periods of its shortest duration"
    return d.broken("jobs", "latest", tight, rule, "Widen the window, or shorten job_skus.duration_periods, or set mandatory to 0.")


def refresh_traffic(d: Draft) -> Problems:
    """Weights and the site that they come from are given together."""
    services = d["services"]
    weights, origin = services["weights_gb"] > 0, services["origin"] != ""
    yield from d.broken(
        "services",
        "weights_gb",
        weights & ~origin,
        "has no effect without origin",
        "Name the site that the weights come from, or leave it blank.",
    )
    yield from d.broken("services", "origin", origin & ~weights, "has no effect without weights_gb", "Give weights_gb, or leave origin blank.")


def peaks_possible(d: Draft) -> Problems:
    """The stress block alone does not hold more than the whole demand."""
    most = 1 / d.case.blocks[d.case.stress].share
    high = d["services"]["peak_to_mean"] > most * (1 + 1e-9)
    rule = f"must be at most {most:.6g}: a higher peak over the stress block's share of hours is more than the whole demand"
    return d.broken("services", "peak_to_mean", high, rule, "Lower it, or give the stress block a smaller share.")


_FEWEST_UNITS, _MOST = 1e-6, 1e9  # accelerators; program.guard refuses coefficients of 1e9 and more


def units_solvable(d: Draft) -> Problems:
    """Accelerators, power and refresh traffic for the whole of a demand row are numbers that a solver can work with, on every SKU."""
    sizes = _sizes(d)
    few = sizes.index[sizes["units"] < _FEWEST_UNITS]
    faint = sizes.index[((sizes[["mw", "gbps"]] > 0) & (sizes[["mw", "gbps"]] <= SOLVABLE)).any(axis=1)].difference(few)
    many = sizes.index[(sizes[["units", "gbps"]] >= _MOST).any(axis=1)]
    check = "Check mtok_per_day (million tokens per day), service_skus.tok_per_s"
    rule = f"is so small that a SKU needs less than {_FEWEST_UNITS:g} accelerators for it"
    yield from d.broken("demand", "mtok_per_day", d["demand"].index.isin(few), rule, f"{check}, or remove the rows.")
    rule = "is so small that its power or refresh traffic cannot be told from 0"
    remedy = f"{check}, skus.idle_share and services.weights_gb, or remove the rows."
    yield from d.broken("demand", "mtok_per_day", d["demand"].index.isin(faint), rule, remedy)
    rule = f"is so large that a SKU needs {_MOST:g} accelerators, or a link {_MOST:g} Gbit/s, and more"
    yield from d.broken("demand", "mtok_per_day", d["demand"].index.isin(many), rule, f"{check} and the peak.")


def _sizes(d: Draft) -> pd.DataFrame:
    """Return units, the smallest positive MW over the blocks (at pue 1) and Gbit/s per (demand row, SKU); the index is the demand row."""
    rows = d["demand"].loc[d["demand"]["mtok_per_day"] > 0, ["service", "mtok_per_day"]].rename_axis("row").reset_index()
    share = loads(d.case)
    services = d["services"].assign(
        peak=peaks(d["services"], d["service_loads"]),
        calm=np.where(share > 0, share, np.inf).min(axis=1),
        room=(1 + d["services"]["burst_share"]) / d["services"]["utilisation_cap"],
    )
    services = services[["service", "peak", "calm", "room", "hbm_gb", "weights_gb", "refresh_hours"]].rename(columns={"hbm_gb": "replica_gb"})
    pairs = d["service_skus"][["service", "sku", "tok_per_s"]].merge(d["skus"][["sku", "kw_per_unit", "idle_share", "hbm_gb"]], on="sku")
    df = rows.merge(services, on="service").merge(pairs, on="service").set_index("row")
    busy = df["mtok_per_day"] * 1e6 / SECONDS_PER_DAY * df["peak"] / df["tok_per_s"]
    units = busy * df["room"]
    gbps = units / np.ceil(df["replica_gb"] / df["hbm_gb"]) * df["weights_gb"] * 8 / (df["refresh_hours"] * 3600)
    mw = (1 - df["idle_share"]) * df["kw_per_unit"] / KW_PER_MW * busy * df["calm"]
    return pd.DataFrame({"units": units, "mw": mw, "gbps": gbps})
