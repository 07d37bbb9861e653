"""What the page says, as numbers: computed from case and plan tables, without a word of markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from placement.case.case import Case
from placement.report.tables import by_period, grouped, names_of, tidy
from placement.units import KW_PER_MW

SOURCES = ("grid", "contracts", "generators")


@dataclass(frozen=True)
class Facts:
    """A case, its plan tables (typed, periods as indices) and everything derived from both."""

    case: Case
    plan: Mapping[str, pd.DataFrame]

    @classmethod
    def of(cls, case: Case, tables: Mapping[str, pd.DataFrame]) -> Facts:
        """Return the facts of a plan; see :func:`placement.report.tables.tidy` for what is refused."""
        return cls(case, tidy(case, tables))

    @cached_property
    def site_names(self) -> dict[str, str]:
        """Site id -> name."""
        return names_of(self.case["sites"], "site")

    def domain_name(self, site: str, domain: str) -> str:
        """Return site and fabric domain by name; the domain's id goes without the site's id before it, to stay short."""
        name = self.site_names.get(site, site)
        short = domain.removeprefix(site).lstrip("-_/. ") if domain.startswith(site) else domain
        return name if domain in ("", site) else f"{name} / {short or domain}"

    @cached_property
    def sku_names(self) -> dict[str, str]:
        """SKU id -> name."""
        return names_of(self.case["skus"], "sku")

    @cached_property
    def power_modelled(self) -> bool:
        """Whether the case has a power layer."""
        return "grid" in self.case or "generators" in self.case

    @cached_property
    def soon(self) -> int:
        """How many periods the first two quarters are."""
        return min(max(1, 6 // self.case.period_months), self.case.n_periods)

    @cached_property
    def new_halls(self) -> pd.DataFrame:
        """Halls that the plan builds."""
        return self.plan["halls"].loc[lambda d: d["existing"] == 0]

    @cached_property
    def own_halls(self) -> pd.DataFrame:
        """Halls in service that are not a provider's: where power comes with the rent, a hall's IT power is a quota."""
        rented = self.case["sites"].loc[lambda d: d["power_included"].astype(bool), "site"]
        return self.plan["halls"].loc[lambda d: ~d["site"].isin(rented)]

    @cached_property
    def empty_halls(self) -> pd.DataFrame:
        """New halls that carry accelerators for less than a tenth of their IT power in the last period.

        The halls of a domain are filled in the order in which they come. The columns of the plan table and ``domain``.
        """
        domain = self.case["halls"][["site", "hall", "domain"]]
        halls = self.plan["halls"].merge(domain, on=["site", "hall"], how="inner").sort_values("in_service", kind="stable")
        halls = halls.assign(domain=halls["domain"].where(halls["domain"] != "", halls["site"]))
        last = self.plan["chips"].loc[lambda d: d["period"] == self.case.n_periods - 1]
        kw = last["sku"].map(self.case["skus"].set_index("sku")["kw_per_unit"])
        carried = (kw / KW_PER_MW * (last["installed"] + last["deployed"])).groupby(last["domain"]).sum()
        before = halls.groupby("domain")["it_mw"].cumsum() - halls["it_mw"]
        filled = halls["domain"].map(carried).fillna(0.0) - before
        return halls.loc[(halls["existing"] == 0) & (filled < 0.1 * halls["it_mw"])]

    @cached_property
    def orders(self) -> dict[str, pd.DataFrame]:
        """Orders that are ``bought`` and that are ``leased``, both with the columns of the plan table."""
        leased = self.plan["orders"]["offer"].isin(self._offers("lease"))
        return {"bought": self.plan["orders"].loc[~leased], "leased": self.plan["orders"].loc[leased]}

    @cached_property
    def on_demand(self) -> pd.DataFrame:
        """Rented units that no order stands behind: taken period by period."""
        return self.plan["rents"].loc[lambda d: d["offer"].isin(self._offers("on_demand"))]

    def _offers(self, kind: str) -> pd.Series:
        return self.case["offers"].loc[lambda d: d["kind"] == kind, "offer"]

    @cached_property
    def it_mw(self) -> pd.Series:
        """IT power in service at the end, MW by site."""
        return self.plan["halls"].groupby("site")["it_mw"].sum()

    @cached_property
    def paid_tiers(self) -> pd.DataFrame:
        """Grid tiers that the plan pays for, with the columns of the case's table."""
        tiers = self.plan["grid"].merge(self.case["grid"], on=["site", "tier"], how="inner")
        return tiers.loc[(tiers["capex_musd"] > 0) | (tiers["opex_musd_per_year"] > 0)]

    @cached_property
    def power_by_block(self) -> pd.DataFrame:
        """Per site, period and block: MW by source, ``load`` and ``limit`` (tiers and generators); interruptible tiers count 0 in the stress block."""
        index = pd.MultiIndex.from_product([list(self.site_names), range(self.case.n_periods), self._blocks], names=["site", "period", "block"])
        energy = self.plan["energy"].assign(kind=lambda d: d["source"].map(_kind))
        df = energy.pivot_table(index=["site", "period", "block"], columns="kind", values="mw", aggfunc="sum")
        df = df.reindex(index=index, columns=list(SOURCES)).fillna(0.0)
        df["load"] = df.sum(axis=1)
        df["limit"] = self._limits().ravel()
        return df.reset_index()

    @cached_property
    def power(self) -> pd.DataFrame:
        """The rows of ``power_by_block`` in the tightest block of each site and period: the one with the highest load / limit."""
        return tightest(self.power_by_block, ["site", "period"])

    @property
    def _blocks(self) -> list[str]:
        return [b.name for b in self.case.blocks]

    @cached_property
    def grid_mw(self) -> dict[tuple[str, str, str], float]:
        """MW of energised grid tiers by site, period label and block."""
        mw, periods = self._limits(own=False), self.case.periods
        return {(s, periods[t], b): float(mw[i, t, j]) for i, s in enumerate(self.site_names) for t in range(len(periods)) for j, b in enumerate(self._blocks)}

    def _limits(self, own: bool = True) -> np.ndarray:
        """MW of energised tiers and, with ``own``, generators, shape (n_sites, n_periods, n_blocks)."""
        n, sites = self.case.n_periods, {s: i for i, s in enumerate(self.site_names)}
        steps = np.zeros((len(sites), n, len(self.case.blocks)))
        tiers = self.case["grid"].merge(self.plan["grid"], on=["site", "tier"], how="left")
        # A tier at no cost is on from `available`, whether or not the plan lists it.
        decided = (tiers["capex_musd"] > 0) | (tiers["opex_musd_per_year"] > 0)
        start = tiers["in_service"].where(tiers["in_service"].notna() | decided, tiers["available"])
        stress = np.array([b.stress for b in self.case.blocks])
        for site, t, until, mw, cut in zip(tiers["site"], start, tiers["until"], tiers["mw"], tiers["interruptible"], strict=True):
            if t < n:  # False for NaN: a tier that is not bought
                steps[sites[site], int(t)] += mw * ~(stress & bool(cut))
                if until + 1 < n:
                    steps[sites[site], int(until) + 1] -= mw * ~(stress & bool(cut))
        limits = steps.cumsum(axis=1)
        if not own:
            return limits
        factor = {p: g.set_index("block")["factor"] for p, g in grouped(self.case["profiles"], "profile")}
        made = self.plan["generators"].merge(self.case["generators"][["generator", "site", "profile"]], on="generator", how="inner")
        for site, t, mw, profile in zip(made["site"], made["period"], made["mw"], made["profile"], strict=True):
            limits[sites[site], t] += mw * (factor[profile].reindex(self._blocks, fill_value=0.0).to_numpy() if profile else 1.0)
        return limits

    @cached_property
    def chips(self) -> pd.DataFrame:
        """Accelerators by SKU and period: ``total`` in halls, used by ``training`` and ``serving``, ``idle``."""
        df = self.plan["chips"].assign(total=lambda d: d["installed"] + d["deployed"])
        df = df.groupby(["sku", "period"])[["total", "training", "serving"]].sum().reset_index()
        return df.assign(idle=(df["total"] - df["training"] - df["serving"]).clip(lower=0.0))

    @cached_property
    def traffic(self) -> pd.DataFrame:
        """The inference table with ``mtok_per_day`` served by each row."""
        asked = self.case["demand"].rename(columns={"mtok_per_day": "asked"})
        df = self.plan["inference"].merge(asked[["service", "metro", "period", "asked"]], on=["service", "metro", "period"], how="left")
        return df.assign(mtok_per_day=df["share"] * df["asked"].fillna(0.0)).drop(columns="asked")

    @cached_property
    def served_share(self) -> pd.DataFrame:
        """Share of the demand that is served; one row per service, one column per period, NaN without demand."""
        n = self.case.n_periods
        asked = by_period(self.case["demand"], "service", "mtok_per_day", n)
        served = by_period(self.traffic, "service", "mtok_per_day", n).reindex(asked.index, fill_value=0.0)
        return (served / asked.where(asked > 0)).clip(upper=1.0)

    @cached_property
    def served_overall(self) -> float:
        """Share of all demand over the horizon that is served; NaN without demand."""
        asked = float(self.case["demand"]["mtok_per_day"].sum())
        return min(float(self.traffic["mtok_per_day"].sum()) / asked, 1.0) if asked > 0 else float("nan")

    @cached_property
    def cash(self) -> pd.DataFrame:
        """M$ by term (rows) and period (columns 0..T, the last one the end of the horizon), undiscounted."""
        return by_period(self.plan["cash"], "term", "musd", self.case.n_periods + 1)

    @cached_property
    def present_value(self) -> pd.Series:
        """M$ by term, discounted to the start, costs positive."""
        return (self.cash * self.case.discount).sum(axis=1)

    @cached_property
    def placed(self) -> int:
        """Number of training jobs that run."""
        return int(self.plan["training"]["job"].nunique())


def _kind(source: str) -> str:
    return {"ppa": "contracts", "generator": "generators"}.get(source.split(":")[0], "grid")


def tightest(df: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return of each group the row with the highest load / limit, the first of several."""
    share = df["load"] / df["limit"].clip(lower=1e-9)
    return df.loc[share.groupby([df[c] for c in by], sort=False).idxmax()].reset_index(drop=True) if len(df) else df
