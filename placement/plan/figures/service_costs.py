"""What serving costs: the costs of every period that fall on each service, and what that is per million tokens (models/README.md, section 11)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case import Case
from placement.plan.figures.tables import Tables
from placement.units import DAYS_PER_MONTH, MONTHS_PER_YEAR, USD_PER_MUSD

COLUMNS = ["service", "period", "mtok", "cost_musd", "usd_per_mtok"]
_PAID = ["running_musd", "lease_musd", "interest_musd"]

Floats = NDArray[np.float64]


def service_costs(case: Case, tables: Tables) -> pd.DataFrame:
    """Return cost and tokens by service and period.

    Running costs, rent and interest are those of the table ``income``; capital is what is written off within the horizon, all of it where it has no life.
    What the bought units of a SKU cost over the horizon is shared by its units in use, period by period; the rent of a SKU by its units in use in the
    period; other capital by the power of all units in use over the horizon, all else by that of the period. What falls on inference is shared among
    services by the units that they hold, spares and standby included.

    Returns
    -------
    DataFrame
        Columns service, period (label), mtok (served), cost_musd (undiscounted), usd_per_mtok (NaN where nothing is served). No rows without a service.
    """
    if "services" not in case or not len(tables["income"]) or not len(tables["inference"]):
        return pd.DataFrame(columns=COLUMNS)
    held, used = _held(case, tables), _used(tables).reindex(columns=case.periods, fill_value=0.0)
    kw = case["skus"].set_index("sku")["kw_per_unit"]
    bought, rent = (part.reindex(index=used.index, columns=case.periods, fill_value=0.0) for part in (_bought(case, tables), _rent(tables)))
    bought = bought.where(used.sum(axis=1) > 0, 0.0)  # nobody ever uses it: it falls on all
    rent = rent.where(used > 0, 0.0)
    power = used.mul(kw.reindex(used.index), axis=0).sum(axis=0)
    running, capital = _of_periods(case, tables)
    rest = running - rent.sum(axis=0) + (capital.sum() - bought.to_numpy().sum()) * power / max(float(power.sum()), 1e-12)
    per_unit = (rent / used.where(used > 0)).add(bought.sum(axis=1) / used.sum(axis=1).where(lambda n: n > 0), axis=0)
    per_kw = rest / power.replace(0.0, np.nan)
    own = per_unit.stack().reindex(pd.MultiIndex.from_frame(held[["sku", "period"]])).fillna(0.0).to_numpy()
    cost = held["units"] * (own + held["sku"].map(kw).to_numpy() * held["period"].map(per_kw).astype(float).fillna(0.0))
    out = held.assign(cost_musd=cost).groupby(["service", "period"])["cost_musd"].sum().to_frame()
    out = out.join(_served(case, tables), how="outer").fillna(0.0).reset_index()
    out["usd_per_mtok"] = out["cost_musd"] * USD_PER_MUSD / out["mtok"].where(out["mtok"] > 0)
    return out.loc[(out["mtok"] > 0) | (out["cost_musd"] > 0), COLUMNS].reset_index(drop=True)


def _of_periods(case: Case, tables: Tables) -> tuple[pd.Series, pd.Series]:
    """Return what each period costs, M$: running costs, rent and interest; and capital, what has no life over the rest of the horizon."""
    income = tables["income"].set_index("period").reindex(case.periods).fillna(0.0)
    lasting = _orders(case, tables).loc[lambda d: d["life"].isna()]
    other = income["expensed_musd"].sub(lasting.groupby("period")["cost_musd"].sum(), fill_value=0.0).reindex(case.periods)
    left = np.arange(case.n_periods, 0, -1)  # periods that are left, the present one included
    spread = np.cumsum(other.to_numpy() / left)
    chips = [_written_off(case, r) for r in lasting.itertuples()]
    return income[_PAID].sum(axis=1), income["depreciation_musd"] + spread + np.sum([np.zeros(case.n_periods), *chips], axis=0)


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


def _orders(case: Case, tables: Tables) -> pd.DataFrame:
    """Return the orders of units to own, with ``begun`` (index of the period of arrival) and ``life`` (years, NaN for none)."""
    owned = case["offers"].loc[case["offers"]["kind"].isin(["buy", "take_or_pay"]), "offer"]
    orders, number = tables["orders"], {label: t for t, label in enumerate(case.periods)}
    orders = orders.loc[orders["offer"].isin(list(owned))]
    life = case["skus"].set_index("sku")["life_years"]
    return orders.assign(begun=orders["arrives"].map(number).fillna(case.n_periods).astype(int), life=orders["sku"].map(life).astype(float))


def _written_off(case: Case, order: Any) -> Floats:
    """Return what is written off of an order, M$ per period: over its life, or over the rest of the horizon where it has none."""
    age = np.arange(case.n_periods) - order.begun
    if np.isnan(order.life):
        return np.where(age >= 0, order.cost_musd / max(case.n_periods - order.begun, 1), 0.0)
    part = case.period_months / MONTHS_PER_YEAR / order.life
    return np.where(age >= 0, order.cost_musd * np.clip(1 - age * part, 0, part), 0.0)


def _bought(case: Case, tables: Tables) -> pd.DataFrame:
    """Return what is written off of bought units, M$ by SKU and period."""
    found = [(r.sku, _written_off(case, r)) for r in _orders(case, tables).itertuples()]
    df = pd.DataFrame([row for _, row in found], columns=list(case.periods), index=pd.Index([k for k, _ in found], name="sku"), dtype=float)
    return df.groupby(level=0).sum()


def _rent(tables: Tables) -> pd.DataFrame:
    """Return the rent of units in place, M$ by SKU and period."""
    return tables["rents"].astype({"cost_musd": float}).pivot_table(index="sku", columns="period", values="cost_musd", aggfunc="sum", fill_value=0.0)
