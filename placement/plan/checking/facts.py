"""What all parts of the checker share: the case and the plan by number of site, domain, SKU and period, and the payments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from placement.case.case import Case
from placement.plan.checking.seasons import seasonal
from placement.plan.checking.tables import END, TERMS
from placement.plan.checking.verdict import Findings
from placement.units import KG_PER_T, KW_PER_MW, USD_PER_MUSD

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def codes(ids: pd.Index, values: pd.Series | pd.MultiIndex) -> Ints:
    """Return the position of every value in ``ids``; -1 where it is not there.

    A dictionary and not ``get_indexer``, which makes an index of the values first: for the few rows of most plans that takes ten times as long.
    """
    return _found({key: i for i, key in enumerate(ids.tolist())}, values.tolist())


def joined(left: pd.DataFrame, right: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Return ``left`` with the columns of its row in ``right``, row order and number kept; NaN where there is none.

    What both have gets the suffixes ``_x`` and ``_y``, as by ``merge``, which takes three times as long for a few rows.

    Raises
    ------
    ValueError
        If ``right`` has a key twice.
    """
    keys = _keys(right, on)
    known = {key: i for i, key in enumerate(keys)}
    if len(known) != len(keys):
        raise ValueError(f"columns {on} name a row more than once")
    at = _found(known, _keys(left, on))
    there, new = pd.RangeIndex(len(at)), [c for c in right.columns if c not in on]
    both = set(left.columns).intersection(new)
    part = right[new]
    part = part.take(at) if (at >= 0).all() else part.set_axis(pd.RangeIndex(len(right))).reindex(at)
    parts = [left.set_axis(there), part.set_axis(there)]
    if both:
        parts = [p.rename(columns={c: f"{c}_{end}" for c in both}) for p, end in zip(parts, "xy", strict=True)]
    return pd.concat(parts, axis=1)


def _keys(table: pd.DataFrame, on: list[str]) -> list[Any]:
    columns = [table[c].tolist() for c in on]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


def _found(known: Mapping[Any, int], keys: list[Any]) -> Ints:
    return np.fromiter((known.get(key, -1) for key in keys), np.int64, len(keys))


class Cash:
    """Undiscounted payments in M$ by term; position ``n_periods`` is the end of the horizon."""

    def __init__(self, n_periods: int) -> None:
        self.paid: dict[str, Floats] = {term: np.zeros(n_periods + 1) for term in TERMS}
        self.n_periods = n_periods
        self.depreciation, self.lasting = np.zeros((2, n_periods))  # M$ by period: of what has a life, and what was paid for that
        self.emissions_t = np.zeros(n_periods)  # of all energy taken

    def emit(self, kg: Floats, usd_per_t: float) -> None:
        """Book the carbon of every period, kg, and its price."""
        self.emissions_t += kg / KG_PER_T
        self.pay("carbon", np.arange(self.n_periods), usd_per_t * kg / KG_PER_T / USD_PER_MUSD)

    def _depreciate(self, start: Floats, musd: Floats, life_years: Floats, period_months: int, paid: ArrayLike) -> None:
        """Spread what was paid over its life, from service on; what has no life is expensed when paid."""
        s, cost, life, when = np.broadcast_arrays(start, musd, life_years, np.asarray(paid, int))
        lasting = np.isfinite(life)
        np.add.at(self.lasting, np.clip(when[lasting], 0, self.n_periods - 1), cost[lasting])
        now = np.arange(self.n_periods)
        per_period = period_months / 12 / life[lasting][:, None]
        age = now - s[lasting][:, None]
        share = np.where(age >= 0, np.minimum(per_period, np.maximum(0.0, 1 - age * per_period)), 0.0)
        self.depreciation += (share * cost[lasting][:, None]).sum(axis=0)

    def pay(self, term: str, period: ArrayLike, musd: ArrayLike) -> None:
        """Add payments; ``period`` and ``musd`` broadcast."""
        when, what = np.broadcast_arrays(np.asarray(period, int), np.asarray(musd, float))
        # A date outside the horizon is a violation found elsewhere; the money must still be counted once.
        np.add.at(self.paid[term], np.clip(when, 0, self.n_periods), what)

    def invest(self, period: ArrayLike, musd: ArrayLike, life_years: ArrayLike, period_months: int, service: ArrayLike | None = None) -> None:
        """Pay capex in ``period`` and book the residual value of what enters service then (or in ``service``)."""
        self.pay("capex", period, musd)
        start = np.asarray(period if service is None else service, float)
        self._depreciate(start, np.asarray(musd, float), np.asarray(life_years, float), period_months, period)
        self.forgo(-np.asarray(musd, float), life_years, period_months, start)

    def forgo(self, musd: ArrayLike, life_years: ArrayLike, period_months: int, service: ArrayLike) -> None:
        """Give up the residual value of what cost this much and entered service in ``service``."""
        start = np.asarray(service, float)
        with np.errstate(invalid="ignore"):
            left = np.maximum(0.0, 1.0 - (self.n_periods - start) * period_months / 12 / np.asarray(life_years, float))
        self.pay("salvage", self.n_periods, np.asarray(musd, float) * np.nan_to_num(left))  # no life: no residual value

    def frame(self, periods: tuple[str, ...]) -> pd.DataFrame:
        """Return the payments that are not zero with columns period, term, musd."""
        labels = [*periods, END]
        cells = [(labels[t], term, paid[t]) for t in range(self.n_periods + 1) for term, paid in self.paid.items() if paid[t] != 0]
        return pd.DataFrame(cells, columns=["period", "term", "musd"])


class Facts:
    """The case and the typed plan side by side; arrays are indexed site ``s``, domain ``f``, SKU ``k``, period ``t``, block ``b``."""

    def __init__(self, case: Case, plan: Mapping[str, pd.DataFrame], found: Findings, given: Collection[str] = ()) -> None:
        self.case, self.plan, self.found = case, plan, found
        self.given = frozenset(given)  # tables that the plan has; `plan` has all, empty where they are missing
        self.cash = Cash(case.n_periods)
        self.n_periods, self.n_blocks = case.n_periods, len(case.blocks)
        self.sites, self.skus = case["sites"], case["skus"]
        self.site_ids, self.sku_ids = pd.Index(self.sites["site"]), pd.Index(self.skus["sku"])
        self.block_names = [b.name for b in case.blocks]
        self.power_included: NDArray[np.bool_] = self.sites["power_included"].to_numpy(bool)
        self.pue: Floats = np.where(self.power_included[:, None, None], 0.0, seasonal(case, "pue"))  # s, t, b; nothing is drawn where power is in the rent
        self.unit_mw: Floats = self.skus["kw_per_unit"].to_numpy(float) / KW_PER_MW
        self.idle: Floats = self.skus["idle_share"].to_numpy(float)
        self.liquid_sku: NDArray[np.bool_] = (self.skus["cooling"] == "liquid").to_numpy(bool)
        self._halls()

    def _halls(self) -> None:
        halls = self.case["halls"].copy()
        halls["domain"] = halls["domain"].where(halls["domain"] != "", halls["site"])
        self.domain_ids = pd.Index(halls["domain"].unique())
        halls["s"], halls["f"] = codes(self.site_ids, halls["site"]), codes(self.domain_ids, halls["domain"])
        self.halls = halls
        first = halls.drop_duplicates("domain")
        self.domain_site: Ints = first["s"].to_numpy(int)
        self.domain_site_ids = first["site"].to_numpy(object)
        liquid = (halls["cooling"] == "liquid").to_numpy(bool)
        self.has_liquid, self.has_air = np.zeros((2, len(self.domain_ids)), bool)
        self.has_liquid[halls["f"].to_numpy(int)[liquid]] = True
        self.has_air[halls["f"].to_numpy(int)[~liquid]] = True

    @property
    def power_modelled(self) -> bool:
        """Whether power limits anything."""
        return "grid" in self.case or "generators" in self.case

    def per_site(self, by_domain: Floats) -> Floats:
        """Sum an array whose first axis is the domain to sites."""
        out = np.zeros((len(self.site_ids), *by_domain.shape[1:]))
        np.add.at(out, self.domain_site, by_domain)
        return out

    def profile(self, table: pd.DataFrame) -> Floats:
        """Return the output factor of every row's ``profile`` by block, shape (n_rows, n_blocks); blank is flat 1."""
        known = self.case["profiles"].set_index(["profile", "block"])["factor"].to_dict()
        cells = [[1.0 if p == "" else known[p, b] for b in self.block_names] for p in table["profile"]]
        return np.array(cells, dtype=float).reshape(len(table), self.n_blocks)
