"""What serving costs: the costs of every period that fall on each service, and what that is per million tokens (models/README.md, section 11)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case import Case
from placement.plan.figures.tables import Tables
from placement.units import DAYS_PER_MONTH, MONTHS_PER_YEAR, USD_PER_MUSD

COLUMNS = ["service", "period", "mtok", "cost_musd", "usd_per_mtok"]
_PAID = ["running_musd", "lease_musd", "depreciation_musd", "expensed_musd", "interest_musd"]


def service_costs(case: Case, tables: Tables) -> pd.DataFrame:
    """Return cost and tokens by service and period.

    The costs of a period are those of the table ``income``: running costs, rent, depreciation, what is spent on things without a life, interest. The
    depreciation and rent of a SKU are shared by its units in use, all else by the power of all units in use. What falls on inference is shared
    among services by the units that they hold, spares and standby included.

    Returns
    -------
    DataFrame
        Columns service, period (label), mtok (served), cost_musd (undiscounted), usd_per_mtok (NaN where nothing is served). No rows without a service.
    """
    if "services" not in case or not len(tables["income"]) or not len(tables["inference"]):
        return pd.DataFrame(columns=COLUMNS)
    held, used = _held(case, tables), _used(tables)
    kw = case["skus"].set_index("sku")["kw_per_unit"]
    of_sku = _of_skus(case, tables).reindex(columns=case.periods, fill_value=0.0)
    of_sku = of_sku.where(used.reindex(of_sku.index).reindex(columns=case.periods).fillna(0.0) > 0, 0.0)  # nobody uses it: it falls on all
    rest = tables["income"].set_index("period")[_PAID].sum(axis=1).reindex(case.periods, fill_value=0.0) - of_sku.sum(axis=0)
    per_unit = of_sku / used.reindex(of_sku.index).reindex(columns=case.periods).replace(0.0, np.nan)
    per_kw = rest / used.mul(kw.reindex(used.index), axis=0).sum(axis=0).reindex(case.periods).replace(0.0, np.nan)
    own = per_unit.stack().reindex(pd.MultiIndex.from_frame(held[["sku", "period"]])).fillna(0.0).to_numpy()
    cost = held["units"] * (own + held["sku"].map(kw).to_numpy() * held["period"].map(per_kw).astype(float).fillna(0.0))
    out = held.assign(cost_musd=cost).groupby(["service", "period"])["cost_musd"].sum().to_frame()
    out = out.join(_served(case, tables), how="outer").fillna(0.0).reset_index()
    out["usd_per_mtok"] = out["cost_musd"] * USD_PER_MUSD / out["mtok"].where(out["mtok"] > 0)
    return out.loc[(out["mtok"] > 0) | (out["cost_musd"] > 0), COLUMNS].reset_index(drop=True)


def _served(case: Case, tables: Tables) -> pd.DataFrame:
    """Return Mtok served by service and period."""
    asked = case["demand"].assign(period=np.array(case.periods)[case["demand"]["period"]])
    served = tables["inference"].merge(asked, on=["service", "metro", "period"])
    mtok = served["share"] * served["mtok_per_day"] * case.period_months * DAYS_PER_MONTH
    return served.assign(mtok=mtok).groupby(["service", "period"])[["mtok"]].sum()


def _used(tables: Tables) -> pd.DataFrame:
    """Return units in use, by SKU and period."""
    chips = tables["chips"].assign(units=lambda d: d["training"] + d["serving"])
    return chips.pivot_table(index="sku", columns="period", values="units", aggfunc="sum", fill_value=0.0)


def _held(case: Case, tables: Tables) -> pd.DataFrame:
    """Return the units lent to inference, by SKU and period, as the services hold them: in proportion to their own peaks where they share."""
    parts = [tables[name][["service", "sku", "period", "units"]] for name in ("inference", "spares", "standby")]
    held = pd.concat([p for p in parts if len(p)]).groupby(["service", "sku", "period"], as_index=False)["units"].sum()
    lent = tables["chips"].groupby(["sku", "period"])["serving"].sum()
    key = pd.MultiIndex.from_frame(held[["sku", "period"]])
    there = lent.reindex(key).fillna(0.0).to_numpy()
    own = held.groupby(["sku", "period"])["units"].transform("sum").to_numpy()
    return held.assign(units=held["units"] * np.divide(there, own, out=np.zeros(len(held)), where=own > 0))


def _of_skus(case: Case, tables: Tables) -> pd.DataFrame:
    """Return M$ by SKU and period: straight-line depreciation of bought units from their arrival on, and rent of units in place."""
    n, offers = case.n_periods, case["offers"].set_index("offer")
    life, label = case["skus"].set_index("sku")["life_years"], {p: t for t, p in enumerate(case.periods)}
    rows = []
    for r in tables["orders"].itertuples():
        begun, part = label.get(str(r.arrives), n), case.period_months / MONTHS_PER_YEAR / float(life[r.sku])
        if offers["kind"][r.offer] in ("buy", "take_or_pay") and part == part:  # a life that is blank is expensed
            age = np.arange(n) - begun
            rows += [(r.sku, case.periods[t], r.cost_musd * x) for t, x in enumerate(np.where(age >= 0, np.clip(1 - age * part, 0, part), 0.0)) if x > 0]
    rents = tables["rents"][["sku", "period", "cost_musd"]]
    df = (
        pd.concat([pd.DataFrame(rows, columns=["sku", "period", "cost_musd"]), rents])
        if len(rents)
        else pd.DataFrame(rows, columns=["sku", "period", "cost_musd"])
    )
    return df.astype({"cost_musd": float}).pivot_table(index="sku", columns="period", values="cost_musd", aggfunc="sum", fill_value=0.0)
