"""What the page says, as numbers: computed from case and plan tables, without a word of markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from placement.case.case import Case
from placement.report.tables import by_period, grouped, names_of, records, tidy
from placement.units import KW_PER_MW

NEVER = 10**6  # a period behind every horizon


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
    def kept(self) -> dict[str, pd.DataFrame]:
        """Tables that other modules make of these facts and that several sections need, by name."""
        return {}

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
    def own_sites(self) -> set[str]:
        """Sites that are not a provider's."""
        return set(self.case["sites"].loc[lambda d: ~d["power_included"].astype(bool), "site"])

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

    @property
    def _blocks(self) -> list[str]:
        return [b.name for b in self.case.blocks]

    @cached_property
    def grid_mw(self) -> dict[tuple[str, str, str], float]:
        """MW of energised grid tiers by site, period label and block."""
        mw, periods = self.limits(own=False), self.case.periods
        return {(s, periods[t], b): float(mw[i, t, j]) for i, s in enumerate(self.site_names) for t in range(len(periods)) for j, b in enumerate(self._blocks)}

    def limits(self, own: bool = True) -> np.ndarray:
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
    def owned(self) -> pd.DataFrame:
        """Accelerators owned by SKU (rows) and period: bought and arrived, not sold on, at the end of their service or on the way; leased ones are not."""
        n, offers = self.case.n_periods, self.case["offers"].loc[lambda d: d["kind"].isin(["buy", "take_or_pay"])]
        service = dict(zip(self.case["skus"]["sku"], self.case["skus"]["service_periods"], strict=True))
        bought = self.plan["orders"].loc[lambda d: d["offer"].isin(offers["offer"])]
        bought = bought.assign(leaves=[r.arrives + service[r.sku] if service.get(r.sku, 0) > 0 else NEVER for r in records(bought)])
        sold = self.plan["resales"].merge(bought[["offer", "leaves"]], on="offer", how="inner")
        moved = self.plan["moves"]
        out = pd.DataFrame(0.0, index=pd.Index(bought["sku"].unique(), name="sku"), columns=range(n))
        for t in range(n):
            there = bought["units"].where((bought["arrives"] <= t) & (bought["leaves"] > t), 0.0).groupby(bought["sku"]).sum()
            gone = sold["units"].where((sold["period"] <= t) & (sold["leaves"] > t), 0.0).groupby(sold["sku"]).sum()
            away = moved["units"].where(moved["period"] == t, 0.0).groupby(moved["sku"]).sum()
            out[t] = there.sub(gone, fill_value=0.0).sub(away, fill_value=0.0).reindex(out.index).fillna(0.0)
        return out

    @cached_property
    def balance(self) -> pd.DataFrame:
        """Accelerators by SKU and period, units, one row per SKU that the plan has or orders and period.

        ``ordered``, ``arriving`` (bought or leased), ``sold`` and ``moving`` in the period; ``owned`` (bought, arrived), ``rented`` (in place), ``there``
        (in halls, those from before the horizon included), ``training``, ``serving``, ``idle``; ``stock``: owned and not in a hall.
        """
        n, plan = self.case.n_periods, self.plan
        orders = plan["orders"].loc[lambda d: ~d["offer"].isin(self._offers("on_demand"))]
        skus = list(dict.fromkeys([*plan["chips"]["sku"], *plan["orders"]["sku"]]))
        index = pd.MultiIndex.from_product([skus, range(n)], names=["sku", "period"])
        key = ["sku", "period"]
        parts = {
            "ordered": orders.groupby(key)["units"].sum(),
            "arriving": orders.assign(period=orders["arrives"]).groupby(key)["units"].sum(),
            "sold": plan["resales"].groupby(key)["units"].sum(),
            "moving": plan["moves"].groupby(key)["units"].sum(),
            "owned": self.owned.stack(),
            "rented": plan["rents"].groupby(key)["units"].sum(),
            **{c: self.chips.set_index(key)[c] for c in ("training", "serving", "idle")},
            "there": self.chips.set_index(key)["total"],
            "deployed": plan["chips"].groupby(key)["deployed"].sum(),
        }
        df = pd.DataFrame({name: part.reindex(index).fillna(0.0).astype(float) for name, part in parts.items()}, index=index)
        return df.assign(stock=(df["owned"] - (df["deployed"] - df["rented"])).clip(lower=0.0)).drop(columns="deployed").reset_index()

    @cached_property
    def loads(self) -> pd.DataFrame:
        """Use of sites by site and period, MW of IT power: ``built`` (halls in service), ``filled`` (accelerators in them) and ``used`` (those at work)."""
        n, kw = self.case.n_periods, self.case["skus"].set_index("sku")["kw_per_unit"]
        index = pd.MultiIndex.from_product([list(self.site_names), range(n)], names=["site", "period"])
        chips = self.plan["chips"].assign(mw=lambda d: d["sku"].map(kw).astype(float) / KW_PER_MW)
        chips = chips.assign(filled=chips["mw"] * (chips["installed"] + chips["deployed"]), used=chips["mw"] * (chips["training"] + chips["serving"]))
        df = chips.groupby(["site", "period"])[["filled", "used"]].sum().reindex(index).fillna(0.0)
        halls = self.plan["halls"]
        built = [halls.loc[halls["in_service"] <= t].groupby("site")["it_mw"].sum().rename(t) for t in range(n)]
        return df.assign(built=pd.concat(built, axis=1).rename_axis(columns="period").stack().reindex(index).fillna(0.0)).reset_index()

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
    def drawn(self) -> pd.Series:
        """M$ drawn of debt and tranches by period."""
        some = [df.groupby("period")[c].sum() for df, c in ((self.plan["debt"], "drawn_musd"), (self.plan["draws"], "musd"))]
        return sum((s.reindex(range(self.case.n_periods), fill_value=0.0) for s in some), pd.Series(0.0, index=range(self.case.n_periods)))

    @cached_property
    def present_value(self) -> pd.Series:
        """M$ by term, discounted to the start, costs positive."""
        return (self.cash * self.case.discount).sum(axis=1)

    @cached_property
    def placed(self) -> int:
        """Number of training jobs that run."""
        return int(self.plan["training"]["job"].nunique())
