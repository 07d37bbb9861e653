"""The first decisions: what has to be ordered, started, signed or switched on in the first two quarters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from placement.report.facts import Facts
from placement.report.formats import fixed, listed, musd, plural, significant
from placement.report.tables import grouped, records

NOTHING_DUE = float("nan")
FREE = "rent"  # the kind of decision that binds to nothing


class Decision(NamedTuple):
    """One thing to do: kind and count, in which period, what, where or from whom, how much, its cost and what it costs a year (M$, NaN for none)."""

    kind: str
    pieces: int
    period: int
    what: str
    where: str
    amount: str
    cost_musd: float
    yearly_musd: float = NOTHING_DUE


#: Kind of decision -> verb and noun of the sentence, in reading order.
_WORDS = {
    "order": ("place", "order"), "lease": ("sign", "lease"), "rent": ("rent from", "on-demand offer"),
    "hall": ("begin to build", "hall"), "contract": ("sign", "power contract"), "milestone": ("start", "milestone"),
    "tier": ("energise", "grid tier"),
    "generator": ("bring in", "generator"), "storage": ("bring in", "storage plant"), "module": ("light", "fibre module"), "job": ("start", "training job"),
}  # fmt: skip


def first_steps(found: list[Decision]) -> str:
    """Return the decisions as one phrase: how many of each kind, and the money that they commit."""
    parts = []
    for kind, (verb, noun) in _WORDS.items():
        some = [d for d in found if d.kind == kind]
        cost = sum(d.cost_musd for d in some if d.cost_musd == d.cost_musd)
        if some:
            parts.append(f"{verb} {plural(sum(d.pieces for d in some), noun)}" + (f" ({musd(cost)})" if cost > 0 else ""))
    return listed(parts, len(_WORDS))


def first_decisions(facts: Facts) -> list[Decision]:
    """Return the decisions of the first two quarters, by period and then by cost."""
    found = [d for source in (_orders, _on_demand, _halls, _milestones, _contracts, _tiers, _generators, _storage, _fibre, _jobs) for d in source(facts)]
    return sorted((d for d in found if d.period < facts.soon), key=lambda d: (d.period, -(d.cost_musd if d.cost_musd == d.cost_musd else -1)))


def _orders(facts: Facts) -> Iterator[Decision]:
    kinds = dict(zip(facts.case["offers"]["offer"], facts.case["offers"]["kind"], strict=True))
    for row in records(facts.plan["orders"]):
        binding = " (take or pay)" if kinds.get(row.offer) == "take_or_pay" else ""
        leased = kinds.get(row.offer) == "lease"
        what = f"{'Lease' if leased else 'Order'} {facts.sku_names.get(row.sku, row.sku)}{binding}"
        yield Decision("lease" if leased else "order", 1, row.period, what, _from(facts, row.offer, row.sku), f"{fixed(row.units)} accelerators", row.cost_musd)


def _on_demand(facts: Facts) -> Iterator[Decision]:
    """What is rented on demand in the first two quarters, by offer, with the rent of that time: nothing binds beyond it."""
    soon = facts.on_demand.loc[lambda d: d["period"] < facts.soon]
    for (offer, sku), g in grouped(soon, ["offer", "sku"]):
        most = g.groupby("period")["units"].sum().max()
        what = f"Rent {facts.sku_names.get(sku, sku)} on demand"
        yield Decision("rent", 1, int(g["period"].min()), what, _from(facts, offer, sku), f"up to {fixed(most)} accelerators", float(g["cost_musd"].sum()))


def _from(facts: Facts, offer: str, sku: str) -> str:
    """Return where units of an offer stand, as far as it or the plan ties them to a place, their vendor, and the offer's id."""
    vendors = dict(zip(facts.case["skus"]["sku"], facts.case["skus"]["vendor"], strict=True))
    stand = facts.plan["rents"].loc[lambda d: d["offer"] == offer, "site"]
    return ", ".join(filter(None, [_sites(facts, stand) if len(stand) else "", vendors.get(sku, ""), f"offer {offer}"]))


def _halls(facts: Facts) -> Iterator[Decision]:
    """New halls when work on them begins, with their whole construction cost, which is paid until they enter service."""
    begun = facts.plan["milestones"].groupby(["site", "hall"])["start"].min().to_dict()
    capex = facts.case["halls"].set_index(["site", "hall"])["capex_musd"]
    for row in records(facts.new_halls):
        period, mw = int(begun.get((row.site, row.hall), row.in_service)), f"{significant(row.it_mw)} MW"
        yield Decision("hall", 1, period, f"Build hall {row.hall}", facts.site_names.get(row.site, row.site), mw, float(capex[row.site, row.hall]))


def _milestones(facts: Facts) -> Iterator[Decision]:
    cost = facts.case["milestones"][["site", "hall", "milestone", "cost_musd"]]
    df = facts.plan["milestones"].merge(cost, on=["site", "hall", "milestone"], how="left")
    for (t, step), g in grouped(df, ["start", "milestone"]):
        halls = int((g["hall"] != "").sum())
        amount = ", ".join(filter(None, [plural(len(g) - halls, "site") if len(g) > halls else "", plural(halls, "hall") if halls else ""]))
        yield Decision("milestone", len(g), t, f"Start milestone: {step}", _sites(facts, g["site"]), amount, float(g["cost_musd"].sum()))


def _contracts(facts: Facts) -> Iterator[Decision]:
    paid = facts.plan["paid"].groupby("ppa")["mwh"].agg(["sum", "size"])  # MWh paid for, and in how many periods
    years = paid["size"] * facts.case.period_months / 12
    mwh_per_year = paid["sum"] / years
    for row in records(facts.plan["contracts"].merge(facts.case["ppas"], on="ppa")):
        yield Decision(
            "contract",
            1,
            max(row.start, 0),
            f"Sign contract {row.ppa}",
            f"{row.tech}, zone {row.zone}",
            f"{significant(row.mw)} MW at {significant(row.price_usd_per_mwh)} $/MWh, {plural(row.tenor_periods, 'period')}",
            NOTHING_DUE,
            float(mwh_per_year.get(row.ppa, 0.0)) * row.price_usd_per_mwh / 1e6,
        )


def _tiers(facts: Facts) -> Iterator[Decision]:
    for row in records(facts.paid_tiers):
        yield Decision(
            "tier",
            1,
            row.in_service,
            f"Energise grid tier {row.tier}",
            facts.site_names.get(row.site, row.site),
            f"{significant(row.mw)} MW",
            row.capex_musd,
        )


def _generators(facts: Facts) -> Iterator[Decision]:
    df = _rises(facts.plan["generators"], "generator", "mw").merge(facts.case["generators"], on="generator")
    for row in records(df):
        where = facts.site_names.get(row.site, row.site)
        yield Decision(
            "generator",
            1,
            row.period,
            f"Bring in generator {row.generator}",
            f"{where}, {row.tech}",
            f"{significant(row.rise)} MW",
            row.rise * row.capex_musd_per_mw,
        )


def _storage(facts: Facts) -> Iterator[Decision]:
    sizes = facts.plan["storage"].groupby(["storage", "period"], as_index=False)["capacity_mw"].max()
    for row in records(_rises(sizes, "storage", "capacity_mw").merge(facts.case["storage"], on="storage")):
        where = facts.site_names.get(row.site, row.site)
        cost = row.rise * (row.capex_musd_per_mw + row.hours * row.capex_musd_per_mwh)
        yield Decision("storage", 1, row.period, f"Bring in storage {row.storage}", where, f"{significant(row.rise)} MW, {significant(row.hours)} h", cost)


def _fibre(facts: Facts) -> Iterator[Decision]:
    for row in records(_rises(facts.plan["fibre"], "link", "modules").merge(facts.case["links"], on="link")):
        yield Decision(
            "module",
            round(row.rise),
            row.period,
            f"Light fibre {row.link}",
            f"{row.a} to {row.b}",
            plural(round(row.rise), "module"),
            row.rise * row.module_capex_musd,
        )


def _jobs(facts: Facts) -> Iterator[Decision]:
    for t, g in grouped(facts.plan["training"], "start"):
        yield Decision(
            "job",
            len(g),
            int(t),
            f"Start {plural(len(g), 'training job')}",
            _sites(facts, g["site"]),
            f"{fixed(g['units'].sum())} accelerators",
            NOTHING_DUE,
        )


def _sites(facts: Facts, sites: pd.Series) -> str:
    return listed([facts.site_names.get(s, s) for s in sites.unique()], 6)


def _rises(df: pd.DataFrame, key: str, value: str) -> pd.DataFrame:
    """Rows in which a running total goes up, with the step as ``rise``."""
    df = df.sort_values("period", kind="stable")
    rise = df[value] - df.groupby(key)[value].shift(fill_value=0.0)
    return df.assign(rise=rise).loc[rise > 1e-9]
