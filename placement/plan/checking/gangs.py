"""What the gang of a placed job is: goodput, maturity, width and duration, fabric (models/README.md section 5)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.datasets import streaming_share
from placement.plan.checking.facts import Facts, Floats
from placement.plan.checking.filler import paused_factor
from placement.plan.checking.network import Network
from placement.plan.checking.sites import EPSILON
from placement.plan.checking.verdict import ABSOLUTE, UNITS, rows
from placement.units import HOURS_PER_YEAR

LEAST_GOODPUT = 0.5


def goodput_of(facts: Facts, network: Network, table: pd.DataFrame) -> Floats:
    """Return the goodput of every row's job at its site, from outages and distance to streamed data."""
    lost_hours = np.where(table["loss_hours_per_outage"] > 0, table["loss_hours_per_outage"], 0.5 * table["checkpoint_hours"] + table["restart_hours"])
    return (1 - table["outages_per_year"].to_numpy(float) * lost_hours / HOURS_PER_YEAR) * streaming_share(facts, network, table)


def with_gangs(facts: Facts, network: Network, table: pd.DataFrame) -> pd.DataFrame:
    """Add ``goodput``, ``gang`` (units_eff) and ``periods`` as the width ``nominal_units`` that the plan states makes them; check that width."""
    found, where = facts.found, rows(table, "job {job} at {site} on {sku}")
    table["goodput"] = goodput_of(facts, network, table)
    usable = (table["goodput"] > LEAST_GOODPUT).to_numpy(bool)
    found.never("goodput", ~usable, rows(table, "job {job} at {site} (goodput {goodput:.3f})"), "outages and distance from the data leave too little progress")
    found.equal("training.goodput", table["said_goodput"], table["goodput"], where, "goodput", "")

    fixed = table["scaling_exponent"].isna().to_numpy(bool)
    least = np.where(fixed | (table["min_units"] == 0), table["units"], table["min_units"])
    most = np.where(fixed | (table["max_units"] == 0), table["units"], table["max_units"])
    width = table["nominal_units"].to_numpy(float)
    found.at_most("job_width", least, width, where, "fewest units against nominal units", "units", UNITS)
    found.at_most("job_width", width, most, where, "nominal units against most units", "units", UNITS)
    found.equal("job_width", width, width.round(), where, "nominal units", "units", ABSOLUTE)
    width = np.clip(width.round(), least, most)  # a wrong width is one violation, not many

    progress = table["goodput"].where(usable, 1.0) * table["maturity"]
    longer = (table["goodput_by"] == "duration").to_numpy(bool)
    table["gang"] = np.ceil(np.where(longer, width, width / progress) - EPSILON)
    at_this_width = table["duration_periods"] * paused_factor(facts, table["preemptible"]) * (table["units"] / width) ** table["scaling_exponent"].fillna(0.0)
    table["periods"] = np.ceil(np.where(longer, at_this_width / progress, at_this_width) - EPSILON)
    return table


def check_fabric(facts: Facts, jobs: pd.DataFrame) -> None:
    """Check that the slowest hall of each job's domain has the scale-out network that the job asks for."""
    slowest = facts.halls.groupby("f")["fabric_gbps_per_unit"].min().reindex(jobs["f"]).to_numpy(float)
    facts.found.at_most("fabric", jobs["min_fabric_gbps"], slowest, rows(jobs, "job {job} at {domain}"), "network asked for against the domain's", "Gbit/s")


def check_bases(facts: Facts, jobs: pd.DataFrame) -> None:
    """Check that the base of each placed job is placed, and has ended, with the lag, before the job starts."""
    tuned = jobs[jobs["base_job"] != ""].reset_index(drop=True)
    ends = (jobs["start"] + jobs["periods"] - 1).groupby(jobs["job"]).min()
    ready = ends.reindex(tuned["base_job"]).to_numpy(float) + 1 + tuned["base_lag_periods"].to_numpy(float)
    where = rows(tuned, "job {job} from {base_job}")
    facts.found.never("base", np.isnan(ready), where, "its base is not placed")
    facts.found.at_most("base", np.nan_to_num(ready), tuned["start"], where, "first period after base and lag against start", "periods")
