"""Sizes brought back to the base's proportions, so that what was scarce is scarce again.

Everything is measured against the IT power of all halls, existing and possible, C (MW):

* chips on offer: power of all offers / C
* training: power x duration of all jobs, each on its least demanding SKU, per period / C
* inference: power at peak of all demand, each service on its least demanding SKU, per period / C
* capital: budget / cost of everything that could be built or bought
* fibre: capacity of the links / refresh traffic of all demand
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from placement.case.loads import peaks
from placement.generate.kit import Kit
from placement.units import KW_PER_MW, SECONDS_PER_DAY, USD_PER_MUSD

Tables = Callable[[str], pd.DataFrame]


def balance(kit: Kit) -> None:
    """Scale jobs, demand, offers, budget and fibre capacity to the base's proportions."""
    old, new = kit.base.__getitem__, kit.here
    before, after = kit.base.n_periods, kit.calendar.after
    halls = hall_mw(new) / hall_mw(old)
    _scale(kit, "offers", halls * _ratio(offered_mw(old), offered_mw(new)), "max_units")
    training = halls * _ratio(training_mw(old, before), training_mw(new, after))
    _scale(kit, "jobs", training, "value_musd")
    _scale(kit, "job_skus", training, "units")
    inference = halls * _ratio(inference_mw(old, before), inference_mw(new, after))
    _scale(kit, "demand", inference, "mtok_per_day")
    _scale(kit, "links", _ratio(refresh_gbps(new, after), refresh_gbps(old, before)), "gbps", "module_gbps")
    if "offers" in kit.tables:
        kit.tables["offers"]["max_units"] = np.ceil(kit.tables["offers"]["max_units"])
    if "job_skus" in kit.tables:
        kit.tables["job_skus"]["units"] = np.maximum(1, np.ceil(kit.tables["job_skus"]["units"])).astype(int)
    _put_budget(kit)


def _ratio(wanted: float, there: float) -> float:
    return wanted / there if wanted > 0 and there > 0 else 1.0


def _scale(kit: Kit, table: str, factor: float, *columns: str) -> None:
    if table in kit.tables:
        kit.tables[table] = kit.tables[table].assign(**{c: kit.tables[table][c] * factor for c in columns})


def _put_budget(kit: Kit) -> None:
    """Interpolate the budget between periods, in proportion to what could be spent."""
    if "budget" not in kit.base:
        return
    factor = _ratio(spendable_musd(kit.here), spendable_musd(kit.base.__getitem__)) / kit.calendar.stretch
    limits = kit.base["budget"].set_index("period")["capex_musd"].reindex(range(kit.base.n_periods)).to_numpy(float)
    values = kit.calendar.series(limits[None, :])[0] * factor  # a period without limit (NaN) leaves the new ones beside it without
    table = pd.DataFrame({"period": np.arange(kit.calendar.after), "capex_musd": values}).dropna()
    kit.put("budget", table, "interpolated between the base's periods, scaled by what could be spent")


def hall_mw(t: Tables) -> float:
    """Return the IT power of all halls."""
    return float(t("halls")["it_mw"].sum())


def _kw(t: Tables, sku: pd.Series) -> pd.Series:
    return sku.map(t("skus").set_index("sku")["kw_per_unit"]).astype(float)


def offered_mw(t: Tables) -> float:
    """Return the power of all chips on offer."""
    return float((t("offers")["max_units"] * _kw(t, t("offers")["sku"])).sum()) / KW_PER_MW


def training_mw(t: Tables, n_periods: int) -> float:
    """Return the mean power of all jobs over the horizon, each on its least demanding SKU."""
    rows = t("job_skus")
    load = rows["units"] * rows["duration_periods"] * _kw(t, rows["sku"])
    return float(load.groupby(rows["job"]).min().sum()) / KW_PER_MW / n_periods


def _least(t: Tables) -> pd.DataFrame:
    """Return, by service, the SKU with the least power per token, and that power in MW per million tokens a day."""
    rows = t("service_skus")
    rows = rows.assign(mw=_kw(t, rows["sku"]) / rows["tok_per_s"] * 1e6 / SECONDS_PER_DAY / KW_PER_MW)
    peak = pd.Series(peaks(t("services"), t("service_loads")), index=pd.Index(t("services")["service"]), name="peak")
    return rows.sort_values(["mw", "sku"]).drop_duplicates("service").set_index("service").join(peak)


def inference_mw(t: Tables, n_periods: int) -> float:
    """Return the power that all demand needs at its peak, mean over the periods, each service on its least demanding SKU."""
    least = _least(t)
    by_service = t("demand").groupby("service")["mtok_per_day"].sum()
    return float((by_service * (least["mw"] * least["peak"]).reindex(by_service.index)).sum()) / n_periods


def refresh_gbps(t: Tables, n_periods: int) -> float:
    """Return the refresh traffic of all demand, mean over the periods, each service on its least demanding SKU."""
    least = _least(t).join(t("services").set_index("service")[["hbm_gb", "weights_gb", "refresh_hours"]])
    units = 1e6 / SECONDS_PER_DAY * least["peak"] / least["tok_per_s"]
    replica = np.ceil(least["hbm_gb"] / least["sku"].map(t("skus").set_index("sku")["hbm_gb"]).astype(float))
    gbps = units / replica * least["weights_gb"] * 8 / (least["refresh_hours"] * 3600)
    by_service = t("demand").groupby("service")["mtok_per_day"].sum()
    return float((by_service * gbps.reindex(by_service.index)).sum()) / n_periods


def spendable_musd(t: Tables) -> float:
    """Return what it would cost to build all halls, tiers and generators and to buy all chips."""
    generators, offers = t("generators"), t("offers")
    built = t("halls")["capex_musd"].sum() + t("milestones")["cost_musd"].sum() + t("grid")["capex_musd"].sum()
    return float(built + (generators["max_mw"] * generators["capex_musd_per_mw"]).sum() + (offers["max_units"] * offers["unit_price_usd"]).sum() / USD_PER_MUSD)
