"""What differs between two plans, in the planner's words: sites, halls, tiers, contracts, chips, jobs, shares of services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from placement.case import Case

COLUMNS = ("kind", "what", "change", "a", "b", "difference", "unit")
Tables = Mapping[str, pd.DataFrame]
_LEAST = {"%": 0.5}  # of the demand; differences below are told by nobody
_RELATIVE = 5e-3  # of other amounts


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of decision: how it is read from plan tables, its unit (blank: a date or a place), and what coming and going is called."""

    name: str
    read: Callable[[Case, Tables], pd.Series]
    unit: str = ""
    comes: str = "new"
    goes: str = "gone"


def plan_changes(case_a: Case, a: Tables, case_b: Case, b: Tables) -> pd.DataFrame:
    """Return what differs between two plans.

    Returns
    -------
    DataFrame
        ``kind, what, change, a, b, difference, unit``: one line per site, hall, tier, contract, plant, SKU, job, service at a site, or link that is decided
        otherwise. ``a`` and ``b`` are a period, a place, or an amount in ``unit``; ``difference`` is that of the amounts, NaN for others.
    """
    return differences(decisions(case_a, a), decisions(case_b, b))


def decisions(case: Case, tables: Tables) -> dict[str, pd.Series]:
    """Return the decisions of a plan: kind -> text or amount by id."""
    return {kind.name: kind.read(case, tables) for kind in KINDS}


def differences(a: Mapping[str, pd.Series], b: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return what differs between decisions, as :func:`plan_changes` does."""
    rows = [row for kind in KINDS for row in _differences(kind, a[kind.name], b[kind.name])]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"difference": float})


def brings(row: Mapping[str, object], a: pd.Series, other: pd.Series, b: pd.Series) -> bool:
    """Whether another plan has what became different between two plans: the same date or place, or half of the difference of the amounts."""
    what = row["what"]
    if row["unit"] == "":
        return other.get(what) == b.get(what) and other.get(what) != a.get(what)
    one, own, two = (float(s.get(what, 0.0)) for s in (a, other, b))
    return (own - one) * np.sign(two - one) >= 0.5 * abs(two - one)


def _differences(kind: Kind, a: pd.Series, b: pd.Series) -> list[tuple[object, ...]]:
    ids = [*a.index, *b.index.difference(a.index, sort=False)]
    rows = [_amount(kind, i, float(a.get(i, 0.0)), float(b.get(i, 0.0))) if kind.unit else _date(kind, i, a.get(i), b.get(i)) for i in ids]
    return [row for row in rows if row is not None]


def _amount(kind: Kind, what: object, a: float, b: float) -> tuple[object, ...] | None:
    if abs(b - a) <= max(_LEAST.get(kind.unit, 0.0), 0.0 if kind.unit == "%" else _RELATIVE * max(abs(a), abs(b)), 1e-9):
        return None
    word = kind.comes if not a else kind.goes if not b else "more" if b > a else "less"
    return (kind.name, what, word, f"{a:.6g}", f"{b:.6g}", b - a, kind.unit)


def _date(kind: Kind, what: object, a: str | None, b: str | None) -> tuple[object, ...] | None:
    if a == b:
        return None
    word = kind.comes if a is None else kind.goes if b is None else _moved(str(a), str(b))
    return (kind.name, what, word, a or "-", b or "-", np.nan, "")


def _moved(a: str, b: str) -> str:
    """Return how a job or a date was changed: periods are written so that the later one sorts after the earlier one."""
    (*place, start), (*other, begins) = a.split(", "), b.split(", ")
    if place[:1] != other[:1]:
        return "moved"
    if place != other:
        return "other chip"
    return "later" if begins > start else "earlier"


def _dates(table: str, key: tuple[str, ...], date: str) -> Callable[[Case, Tables], pd.Series]:
    def read(case: Case, tables: Tables) -> pd.Series:
        df = tables.get(table)
        if df is None or df.empty:
            return _none(str)
        return pd.Series(df[date].astype(str).to_numpy(object), index=_ids(df, key))

    return read


def _largest(table: str, key: tuple[str, ...], amount: str) -> Callable[[Case, Tables], pd.Series]:
    def read(case: Case, tables: Tables) -> pd.Series:
        df = tables.get(table)
        if df is None or df.empty:
            return _none(float)
        found = df.assign(_id=_ids(df, key)).groupby("_id", sort=False)[amount].max().astype(float)
        return found[found > 1e-9]

    return read


def _orders(case: Case, tables: Tables) -> pd.Series:
    df = tables.get("orders")
    return _none(float) if df is None or df.empty else df.groupby("sku", sort=False)["units"].sum().astype(float)


def _rented(case: Case, tables: Tables) -> pd.Series:
    """Return the most units of each SKU that are rented on demand in one period; leases are orders."""
    df, orders = tables.get("rents"), tables.get("orders")
    if df is None or df.empty:
        return _none(float)
    free = df if orders is None else df[~df["offer"].isin(orders["offer"])]
    return free.groupby(["sku", "period"], sort=False)["units"].sum().groupby(level=0, sort=False).max().astype(float)


def _jobs(case: Case, tables: Tables) -> pd.Series:
    """Return ``site, SKU, start`` of each job; ids hold no commas."""
    df = tables.get("training")
    if df is None or df.empty:
        return _none(str)
    where = df["site"].astype(str) + ", " + df["sku"].astype(str) + ", " + df["start"].astype(str)
    return pd.Series(where.to_numpy(object), index=df["job"].to_numpy(object)).groupby(level=0, sort=False).first()


def _shares(case: Case, tables: Tables) -> pd.Series:
    """Return the share of each service's demand that each site serves, % of the tokens over the whole horizon."""
    df = tables.get("inference")
    if df is None or df.empty:
        return _none(float)
    if "pairs" in case:
        return (100 * df.assign(_id=_ids(df, ("service", "site"))).groupby("_id", sort=False)["share"].sum()).astype(float)
    asked = case["demand"].assign(period=lambda d: np.array(case.periods)[d["period"]])
    whole = asked.groupby("service")["mtok_per_day"].sum()
    rows = df.merge(asked, on=["service", "metro", "period"], how="left")
    served = rows.assign(_id=_ids(rows, ("service", "site")), part=100 * rows["share"] * rows["mtok_per_day"] / rows["service"].map(whole))
    return served.groupby("_id", sort=False)["part"].sum().astype(float)


def _opened(case: Case, tables: Tables) -> pd.Series:
    df = tables.get("openings")
    if df is None or df.empty:
        return _none(str)
    return pd.Series("open", index=df.loc[df["open"] > 0.5, "site"].to_numpy(object), dtype=object)


def _ids(df: pd.DataFrame, key: tuple[str, ...]) -> np.ndarray:
    parts = [df[k].astype(str).to_numpy(object) for k in key]
    return np.array(["/".join(cells) for cells in zip(*parts, strict=True)], dtype=object)


def _none(kind: type) -> pd.Series:
    return pd.Series([], index=pd.Index([], dtype=object), dtype="float64" if kind is float else object)


#: What a plan decides, in the order in which it is told.
KINDS: tuple[Kind, ...] = (
    Kind("site", _dates("sites", ("site",), "opened"), "", "opened", "not opened"),
    Kind("opening", _opened, "", "opened", "not opened"),
    Kind("hall", _dates("halls", ("site", "hall"), "in_service"), "", "built", "not built"),
    Kind("grid tier", _dates("grid", ("site", "tier"), "in_service"), "", "energised", "not energised"),
    Kind("contract", _largest("contracts", ("ppa",), "mw"), "MW", "signed", "not signed"),
    Kind("generator", _largest("generators", ("generator",), "mw"), "MW", "built", "not built"),
    Kind("storage", _largest("storage", ("storage",), "capacity_mw"), "MW", "built", "not built"),
    Kind("chips ordered", _orders, "accelerators", "ordered", "not ordered"),
    Kind("chips rented", _rented, "accelerators", "rented", "not rented"),
    Kind("job", _jobs, "", "placed", "dropped"),
    Kind("service", _shares, "%", "served there", "not served there"),
    Kind("fibre", _largest("fibre", ("link",), "modules"), "modules", "lit", "not lit"),
)


def kpi_changes(a: Mapping[str, float], b: Mapping[str, float]) -> pd.DataFrame:
    """Return the key figures that differ: ``kpi, a, b, change``, units in their names, the largest relative change first."""
    rows = [(k, float(a.get(k, np.nan)), float(b.get(k, np.nan))) for k in dict.fromkeys([*a, *b])]
    table = pd.DataFrame(rows, columns=["kpi", "a", "b"])
    change = table["b"] - table["a"]
    size = change.abs() / np.maximum(table[["a", "b"]].abs().max(axis=1), 1e-12)
    same = np.isclose(table["a"], table["b"], rtol=1e-9, atol=1e-9, equal_nan=True)
    return table.assign(change=change, size=size)[~same].sort_values("size", ascending=False, kind="stable", ignore_index=True).drop(columns="size")
