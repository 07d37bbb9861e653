"""Training jobs: copies with another size, window and value."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.generate.draw import expand
from placement.generate.kit import Kit
from placement.generate.rules import can_be_met

SIZE, VALUE, DURATION = 0.4, 0.15, 0.15  # spread of a gang's size, of its value per accelerator and period, of its duration


def put_jobs(kit: Kit) -> None:
    """Copy jobs that some SKU and some country of the new case can take; sizes follow later, when the halls are known."""
    if "jobs" not in kit.base:
        return
    base, listed = kit.base["jobs"], kit.base["job_skus"]
    skus = kit.copies["skus"]
    countries = set(kit.here("sites")["country"])
    kw = kit.base["skus"].set_index("sku")["kw_per_unit"]
    load = (listed["units"] * listed["duration_periods"] * kw.reindex(listed["sku"]).to_numpy()).groupby(listed["job"]).min()
    able = base["job"].isin(listed.loc[listed["sku"].isin(skus["base"]), "job"]) & np.array(
        [can_be_met(kit, str(r), countries) for r in base["residency"]], dtype=bool
    )
    order = base[able].assign(load=load.reindex(base["job"]).to_numpy()[able.to_numpy()]).sort_values(["load", "job"])
    copies = kit.draw.copies("jobs", order["job"].tolist(), kit.counts["jobs"], base["job"])
    n = len(copies)
    jobs = expand(base, "job", copies)
    pairs = _pairs(kit, copies)
    shortest = pairs.groupby("copy")["duration_periods"].min().reindex(range(n)).to_numpy()
    _move_windows(kit, jobs, shortest)
    jobs["due"] = kit.calendar.after - 1  # no date, as in the base
    value = kit.draw.spread("job value", n, VALUE) * kit.draw.spread("job size", n, SIZE) * kit.calendar.stretch
    jobs["value_musd"] *= value
    jobs["name"] = jobs["name"] + " (generated " + jobs["job"].str.rsplit(".", n=1).str[1] + ")"
    kit.copies["jobs"] = copies
    kit.put("jobs", jobs, "resampled from " + jobs["base"])
    kit.put("job_skus", pairs, "resampled with " + pairs["base"])


def _pairs(kit: Kit, copies: pd.DataFrame) -> pd.DataFrame:
    """Return sizes and durations; what rounding a duration gains or loses is put into the units (floats still)."""
    skus = kit.copies["skus"]
    pairs = expand(kit.base["job_skus"], "job", copies)
    pairs = pairs.merge(skus.rename(columns={"base": "sku", "id": "new_sku"}), on="sku", how="inner", sort=False)
    pairs = pairs.sort_values(["copy", "new_sku"], kind="stable").reset_index(drop=True)
    n = len(copies)
    size = kit.draw.spread("job size", n, SIZE)[pairs["copy"]]
    long = kit.draw.spread("job duration", n, DURATION)[pairs["copy"]]
    luck = kit.draw.stream("job rounding").uniform(0, 1, n)[pairs["copy"]]
    exact = pairs["duration_periods"] * kit.calendar.stretch
    pairs["duration_periods"] = np.clip(np.floor(exact * long + luck), 1, kit.calendar.after).astype(int)
    pairs["units"] = pairs["units"] * size * exact / pairs["duration_periods"]
    return pairs.assign(sku=pairs["new_sku"])


def _move_windows(kit: Kit, jobs: pd.DataFrame, shortest: np.ndarray) -> None:
    """Move each window by up to one period, and widen it where the shortest duration no longer fits."""
    shift = kit.draw.stream("job dates").integers(-1, 2, len(jobs))
    last = kit.calendar.after - 1
    latest = np.clip(kit.calendar.moved(jobs["latest"].to_numpy() + 1, shift) - 1, 0, last)
    earliest = np.minimum(kit.calendar.moved(jobs["earliest"].to_numpy(), shift), last)
    latest = np.minimum(np.maximum(latest, earliest + shortest - 1), last).astype(int)
    jobs["latest"], jobs["earliest"] = latest, np.clip(np.minimum(earliest, latest - shortest + 1), 0, None).astype(int)
