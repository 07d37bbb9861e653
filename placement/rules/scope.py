"""What could ever be there: sites, domains, halls and chips as arrays, with the earliest dates and the largest amounts.

Everything here is an upper limit of what any plan can have. The column builders use it to leave out what can never
happen, and to name the rule that forbids it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case import Case
from placement.rules.cooling import by_block
from placement.rules.designs import quick_dates
from placement.rules.milestones import Chain, chains, whole
from placement.rules.policy import Policy
from placement.units import HOURS_PER_DAY, KW_PER_MW

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scope:
    """Index sets (in table order) and limits of a case. S sites, F domains, K SKUs, T periods, B blocks."""

    case: Case

    # ---- index sets -------------------------------------------------------------------------------------------------
    @cached_property
    def sites(self) -> pd.Index:
        """Site ids, length S."""
        return pd.Index(self.case["sites"]["site"])

    @cached_property
    def skus(self) -> pd.Index:
        """SKU ids, length K."""
        return pd.Index(self.case["skus"]["sku"])

    @cached_property
    def domains(self) -> pd.Index:
        """Fabric domain ids, length F."""
        return pd.Index(self.halls["domain"].unique())

    @cached_property
    def domain_site(self) -> NDArray[np.int64]:
        """Site code of each domain, shape (F,)."""
        first = self.halls.drop_duplicates("domain")
        return self.sites.get_indexer(pd.Index(first["site"]))

    @cached_property
    def failure_domains(self) -> pd.Index:
        """Ids of the groups of sites that fail together, length D."""
        return pd.Index(pd.unique(self._failure_ids))

    @cached_property
    def site_failure(self) -> NDArray[np.int64]:
        """Code of the failure domain of each site, shape (S,)."""
        return np.asarray(self.failure_domains.get_indexer(pd.Index(self._failure_ids)), np.int64)

    @property
    def _failure_ids(self) -> pd.Series:
        sites = self.case["sites"]
        return sites["failure_domain"].where(sites["failure_domain"] != "", sites["site"])

    @cached_property
    def apart(self) -> pd.Index:
        """Ids of the groups of jobs that run in different failure domains."""
        groups = self.case["jobs"]["anti_affinity"]
        return pd.Index(groups[groups != ""].unique())

    @cached_property
    def levels(self) -> Array:
        """Distinct positive firmness levels that jobs ask for, ascending; empty where no site says anything of its power."""
        asked = self.case["jobs"]["min_firmness"].to_numpy(float)
        return np.unique(asked[asked > 0]) if self.has_power or self.power_included.any() else np.empty(0)

    @cached_property
    def duties(self) -> Array:
        """Distinct duties below 1 of the jobs, ascending; empty where power is not modelled."""
        asked = self.case["jobs"]["duty"].to_numpy(float)
        return np.unique(asked[asked < 1]) if self.has_power else np.empty(0)

    @cached_property
    def has_power(self) -> bool:
        """Whether any source of power is described."""
        return "grid" in self.case or "generators" in self.case

    @cached_property
    def power_included(self) -> NDArray[np.bool_]:
        """Whether power comes with the rent at each site, shape (S,)."""
        return self.case["sites"]["power_included"].to_numpy(bool)

    @cached_property
    def powered(self) -> NDArray[np.bool_]:
        """Whether power is modelled at each site, shape (S,)."""
        return ~self.power_included & self.has_power

    @cached_property
    def policy(self) -> Policy:
        """Export and residency rulings."""
        return Policy.of(self.case["export"], self.case["residency"])

    # ---- halls ------------------------------------------------------------------------------------------------------
    @cached_property
    def _chains(self) -> tuple[dict[str, Chain], dict[tuple[str, str], Chain]]:
        return chains(self.case)

    @cached_property
    def opening(self) -> dict[str, Chain]:
        """Shared milestones of each site without an existing hall."""
        halls = self.case["halls"]
        running = set(halls.loc[halls["existing"], "site"])
        return {s: self._chains[0].get(s, Chain()) for s in self.sites if s not in running}

    @cached_property
    def halls(self) -> pd.DataFrame:
        """The halls with ``domain`` filled, ``chain`` and ``first`` (first period in which the hall can be in service)."""
        halls = self.case["halls"].copy()
        halls["domain"] = halls["domain"].where(halls["domain"] != "", halls["site"])
        chain = [self._chains[1].get((s, h), Chain()) for s, h in zip(halls["site"], halls["hall"], strict=True)]
        halls["chain"] = chain
        opened = [self.opening[s].earliest + self.wait(c) if s in self.opening else 0 for s, c in zip(halls["site"], chain, strict=True)]
        first = np.maximum.reduce([halls["earliest"].to_numpy(), [c.earliest for c in chain], opened])
        halls["first_slow"] = np.where(halls["existing"], 0, first)
        halls["saved"], halls["reference_lag"], halls["first_quick"] = quick_dates(self.case, halls, self.opening, self.wait)
        halls["first"] = np.minimum(halls["first_slow"], halls["first_quick"])
        halls["first"] = halls.groupby("domain", sort=False)["first"].cummax()  # halls of a domain come in order
        shared = [self.opening[s].refused if s in self.opening else "" for s in halls["site"]]
        refused = pd.Series([s or c.refused for s, c in zip(shared, chain, strict=True)], index=halls.index, dtype=object)
        halls["refused"] = refused.where(refused != "").groupby(halls["domain"], sort=False).ffill().fillna("")  # nor what would follow it
        return halls

    @staticmethod
    def wait(chain: Chain) -> int:
        """Return ``A``: whole periods from the opening of the site to service of the hall."""
        return whole(chain.after_shared)

    @cached_property
    def hall_domain(self) -> NDArray[np.int64]:
        """Domain code of each hall."""
        return self.domains.get_indexer(pd.Index(self.halls["domain"]))

    def _hall_mw(self, which: NDArray[np.bool_]) -> Array:
        """Return the most IT MW per domain and period over some halls, shape (F, T)."""
        mw = np.zeros((len(self.domains), self.case.n_periods + 1))
        first = np.minimum(self.halls["first"].to_numpy(), self.case.n_periods)
        np.add.at(mw, (self.hall_domain, first), np.where(which, self.halls["it_mw"], 0.0))
        return mw.cumsum(axis=1)[:, :-1]

    @cached_property
    def refused(self) -> NDArray[np.object_]:
        """The refused milestone that takes halls from each domain, "" if none does, shape (F,)."""
        out = np.full(len(self.domains), "", dtype=object)
        lost = self.halls["refused"].to_numpy(object)
        out[self.hall_domain[lost != ""]] = lost[lost != ""]
        return out

    @cached_property
    def planned_mw(self) -> Array:
        """IT MW of all halls of each domain that take a SKU, those that are refused or come too late included, shape (F, K)."""
        out = np.zeros((len(self.domains), len(self.skus)))
        np.add.at(out, self.hall_domain, np.where(self.housed, self.halls["it_mw"].to_numpy(float)[:, None], 0.0))
        return out

    @cached_property
    def it_mw(self) -> Array:
        """Most IT MW per domain and period, shape (F, T)."""
        return self._hall_mw(np.ones(len(self.halls), bool))

    @cached_property
    def liquid_mw(self) -> Array:
        """Most IT MW in liquid-cooled halls per domain and period, shape (F, T)."""
        return self._hall_mw((self.halls["cooling"] == "liquid").to_numpy())

    @cached_property
    def liquid_planned(self) -> NDArray[np.bool_]:
        """Whether each domain has a liquid-cooled hall, whenever it comes, shape (F,)."""
        out = np.zeros(len(self.domains), bool)
        out[self.hall_domain[(self.halls["cooling"] == "liquid").to_numpy()]] = True
        return out

    @cached_property
    def fabric_gbps(self) -> Array:
        """Scale-out network per accelerator of each domain, that of its slowest hall, Gbit/s, shape (F,)."""
        return self.halls.groupby("domain", sort=False)["fabric_gbps_per_unit"].min().to_numpy(float)

    # ---- chips ------------------------------------------------------------------------------------------------------
    @cached_property
    def kw(self) -> Array:
        """IT kW per unit of each SKU at full load, shape (K,)."""
        return self.case["skus"]["kw_per_unit"].to_numpy(float)

    @cached_property
    def liquid(self) -> NDArray[np.bool_]:
        """Whether each SKU needs liquid cooling, shape (K,)."""
        return (self.case["skus"]["cooling"] == "liquid").to_numpy()

    @cached_property
    def installed(self) -> Array:
        """Units that run already, shape (F, K)."""
        units = np.zeros((len(self.domains), len(self.skus)))
        rows = self.case["installed"]
        np.add.at(units, (self.domains.get_indexer(pd.Index(rows["domain"])), self.skus.get_indexer(pd.Index(rows["sku"]))), rows["units"])
        return units

    @cached_property
    def standing(self) -> Array:
        """Units that run already and have not retired, shape (F, K, T)."""
        rows, gone = self.case["installed"], np.zeros((*self.installed.shape, self.case.n_periods + 1))
        f, k = self.domains.get_indexer(pd.Index(rows["domain"])), self.skus.get_indexer(pd.Index(rows["sku"]))
        np.add.at(gone, (f, k, np.minimum(rows["retires"], self.case.n_periods)), rows["units"])
        return self.installed[:, :, None] - gone.cumsum(axis=2)[:, :, :-1]

    @cached_property
    def arriving(self) -> Array:
        """Most owned units of each SKU that can have arrived by each period, shape (K, T)."""
        offers = self.case["offers"].loc[self.case["offers"]["kind"].isin(["buy", "take_or_pay"])]
        units = np.zeros((len(self.skus), self.case.n_periods + 1))
        when = np.minimum(offers["period"] + offers["lead_periods"], self.case.n_periods)
        np.add.at(units, (self.skus.get_indexer(pd.Index(offers["sku"])), when), offers["max_units"])
        return units.cumsum(axis=1)[:, :-1]

    @cached_property
    def in_age(self) -> Array:
        """Most bought units of each SKU that can have arrived and not be at the end of their service, shape (K, T)."""
        service = self.case["skus"]["service_periods"].to_numpy()
        end = self.case.n_periods
        came = np.diff(self.arriving, axis=1, prepend=0.0)
        gone = np.zeros_like(came)
        for k in np.flatnonzero((service > 0) & (service < end)):
            gone[k, service[k] :] = came[k, : end - service[k]]
        return self.arriving - gone.cumsum(axis=1)

    @cached_property
    def export(self) -> pd.DataFrame:
        """Ruling per (site, SKU): columns ``allowed`` and ``rule_id``, rows in site-major order."""
        classes = self.case["skus"]["export_class"]
        rulings = [self.policy.may_deploy(c, country) for country in self.case["sites"]["country"] for c in classes]
        return pd.DataFrame({"allowed": [r.allowed for r in rulings], "rule_id": [r.rule_id for r in rulings]})

    @cached_property
    def export_ok(self) -> NDArray[np.bool_]:
        """Whether each SKU may stand at each site, shape (S, K)."""
        return self.export["allowed"].to_numpy(bool).reshape(len(self.sites), len(self.skus))

    @cached_property
    def housed(self) -> NDArray[np.bool_]:
        """Whether each hall can take each SKU, shape (H, K): liquid-cooled SKUs need liquid halls, dense ones dense halls."""
        wet = (self.halls["cooling"] == "liquid").to_numpy()
        densest = self.halls["max_kw_per_rack"].fillna(np.inf).to_numpy(float)
        asked = self.case["skus"]["kw_per_rack"].fillna(0.0).to_numpy(float)
        return (wet[:, None] | ~self.liquid[None]) & (densest[:, None] >= asked[None])

    @cached_property
    def housable(self) -> NDArray[np.bool_]:
        """Whether some hall of each domain can take each SKU, whenever it comes, shape (F, K)."""
        out = np.zeros((len(self.domains), len(self.skus)), bool)
        np.logical_or.at(out, self.hall_domain, self.housed)
        return out

    @cached_property
    def room_mw(self) -> Array:
        """Most IT MW that a SKU finds per domain and period, shape (F, K, T)."""
        by_sku = [self._hall_mw(self.housed[:, k]) for k in range(len(self.skus))]
        return np.array(by_sku).reshape(len(self.skus), len(self.domains), self.case.n_periods).swapaxes(0, 1)

    @cached_property
    def rented(self) -> Array:
        """Most leased and on-demand units on offer in each domain and period, shape (F, K, T): they come and go."""
        offers = self.case["offers"].loc[self.case["offers"]["kind"].isin(["lease", "on_demand"])]
        units, end = np.zeros((len(self.domains), len(self.skus), self.case.n_periods)), self.case.n_periods
        site = self.sites.to_numpy()[self.domain_site]
        for q in offers.itertuples():
            begin = q.period + q.lead_periods
            last = min(begin + q.term_periods, end) if q.kind == "lease" else q.until + 1
            here = site == q.site if q.site else ~self.power_included[self.domain_site]
            units[here, self.skus.get_loc(q.sku), begin:last] += q.max_units
        return units

    @cached_property
    def ownable(self) -> Array:
        """Most owned units that can be added to what is installed, shape (F, K, T)."""
        return np.where(self.power_included[self.domain_site][:, None, None], 0.0, self._placed(np.broadcast_to(self.in_age, self.rented.shape)))

    @cached_property
    def rentable(self) -> Array:
        """Most leased and on-demand units in service, shape (F, K, T)."""
        return self._placed(self.rented)

    @cached_property
    def addable(self) -> Array:
        """Most units that can be added to what is installed, shape (F, K, T)."""
        return self._placed(self.ownable + self.rented)

    def _placed(self, units: Array) -> Array:
        """Return what export rules and halls let stand of the units, shape (F, K, T)."""
        fits = self.room_mw / (self.kw / KW_PER_MW)[None, :, None]
        allowed = self.export_ok[self.domain_site][:, :, None]
        return np.where(allowed, np.minimum(fits, units), 0.0)

    @cached_property
    def obtainable(self) -> NDArray[np.bool_]:
        """Whether units of a SKU can ever be bought or rented for a site, shape (S, K)."""
        out = np.zeros((len(self.sites), len(self.skus)), bool)
        np.logical_or.at(out, self.domain_site, (self.rented > 0).any(axis=2))
        return out | ((self.arriving[:, -1] > 0)[None] & ~self.power_included[:, None])

    @cached_property
    def units(self) -> Array:
        """Most units that can be in service, shape (F, K, T)."""
        return self.standing + self.addable

    # ---- power ------------------------------------------------------------------------------------------------------
    @cached_property
    def profile(self) -> dict[str, Array]:
        """Output per MW of each profile by block, shape (B,); the blank profile is flat."""
        names = [b.name for b in self.case.blocks]
        told = {(str(r.profile), str(r.block)): float(r.factor) for r in self.case["profiles"].itertuples()}
        return {"": np.ones(len(names))} | {p: np.array([told.get((p, n), np.nan) for n in names]) for p, _ in told}

    def _steps(self, sites: pd.Series, first: pd.Series, mw: pd.Series) -> Array:
        """Return MW that can be there per site and period, shape (S, T), from sources with a first period."""
        out = np.zeros((len(self.sites), self.case.n_periods + 1))
        np.add.at(out, (self.sites.get_indexer(pd.Index(sites)), np.minimum(first, self.case.n_periods)), mw)
        return out.cumsum(axis=1)[:, :-1]

    @cached_property
    def site_mw(self) -> Array:
        """Most MW at the meter in the scarcest block, per site and period, shape (S, T); ``inf`` without a power layer."""
        return self.block_mw.min(axis=2)

    @cached_property
    def block_mw(self) -> Array:
        """Most MW at the meter per site, period and block, shape (S, T, B); ``inf`` without a power layer."""
        if not self.has_power:
            return np.full((len(self.sites), self.case.n_periods, len(self.case.blocks)), np.inf)
        grid, gens = self.case["grid"], self.case["generators"]
        by_block = [
            self._steps(grid["site"], grid["available"], grid["mw"] * ~(grid["interruptible"] & block.stress))
            + self._steps(gens["site"], gens["available"], gens["max_mw"] * [self.profile[p][b] for p in gens["profile"]])
            for b, block in enumerate(self.case.blocks)
        ]
        stored = [self._stored(self.case["storage"], b) for b in range(len(self.case.blocks))]
        own = np.minimum(np.stack(by_block, axis=2), self.community_mw[:, None, None]) + np.stack(stored, axis=2)
        return np.where(self.power_included[:, None, None], np.inf, own)

    @cached_property
    def community_mw(self) -> Array:
        """Most MW that the community of each site grants, with what it grants against benefits, shape (S,)."""
        more = self.case["local_benefits"].set_index("site")["extra_mw"].reindex(self.sites).fillna(0.0)
        return self.case["sites"]["community_mw"].fillna(np.inf).to_numpy(float) + more.to_numpy(float)

    @cached_property
    def storage_share(self) -> Array:
        """Most power that a full storage can hold through each block of the day, as a share of its power, shape (n_storage, B)."""
        day = HOURS_PER_DAY * np.array([b.share for b in self.case.blocks])
        return np.minimum(1.0, self.case["storage"]["hours"].to_numpy(float)[:, None] / day)

    def _stored(self, rows: pd.DataFrame, block: int) -> Array:
        """Return the most MW that storage can give in a block, per site and period, shape (S, T)."""
        return self._steps(rows["site"], rows["available"], rows["max_mw"] * self.storage_share[rows.index, block])

    @cached_property
    def firm_mw(self) -> Array:
        """Most MW of at least each firmness level, per site and period, shape (S, levels, T)."""
        grid, gens = self.case["grid"], self.case["generators"]
        out = np.zeros((len(self.sites), len(self.levels), self.case.n_periods))
        for i, level in enumerate(self.levels):
            g, n = grid[(grid["firmness"] >= level) & ~grid["interruptible"]], gens[gens["firmness"] >= level]
            stress = pd.Series([self.profile[p][self.case.stress] for p in n["profile"]], index=n.index, dtype=float)
            out[:, i] = self._steps(g["site"], g["available"], g["mw"]) + self._steps(n["site"], n["available"], n["max_mw"] * stress)
            out[:, i] += self._stored(self.case["storage"].loc[self.case["storage"]["firmness"] >= level], self.case.stress)
            out[~self.powered, i] = np.inf
            out[self.power_included & (self.case["sites"]["included_firmness"].to_numpy(float) < level), i] = -np.inf  # too little for any need
        return out

    @cached_property
    def pue(self) -> Array:
        """PUE of each site, shape (S, T, B); 0 where power comes with the rent: nothing is drawn at the meter."""
        return np.where(self.power_included[:, None, None], 0.0, by_block(self.case, "pue"))

    @cached_property
    def wue(self) -> Array:
        """Litres of water per kWh of IT energy, shape (S, T, B); NaN where not known."""
        return by_block(self.case, "wue_l_per_kwh")

    @cached_property
    def pue_most(self) -> Array:
        """Largest PUE over the blocks of a period, shape (S, T): firm power must be there in the worst hour."""
        return self.pue.max(axis=2)

    @cached_property
    def pue_least(self) -> Array:
        """Least PUE of each site, shape (S,): what must hold whenever it is."""
        return self.pue.min(axis=(1, 2))
