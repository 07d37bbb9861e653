"""Traffic of fresh weights, and what all traffic costs (models/README.md sections 4 and 6)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats
from placement.plan.checking.latency import weights_sent
from placement.plan.checking.network import Network
from placement.plan.checking.routes import Pairs
from placement.units import BYTES_PER_GB, DAYS_PER_MONTH, MONTHS_PER_YEAR, USD_PER_MUSD

TOKENS_PER_MTOK = 1e6


def refresh_traffic(facts: Facts, served: pd.DataFrame) -> pd.DataFrame:
    """Return traffic of fresh weights by service, origin, site and period: gbps while a refresh runs, gb in the period, and how it is routed."""
    table = weights_sent(served)
    table["gb"] = table["gb_per_year"] * facts.case.period_months / MONTHS_PER_YEAR
    key = ["service", "origin", "site", "period", "avoid_subsea", "survivable"]
    return table.groupby(key, as_index=False).agg({"gbps": "sum", "gb": "sum"})


def link_loads(facts: Facts, network: Network, traffic: pd.DataFrame, pairs: Pairs) -> Floats:
    """Return refresh traffic by link and period, Gbit/s: over both routes of a survivable service; pay what it costs over the main one."""
    load = np.zeros((len(network.links), facts.n_periods))
    price, egress = network.links["transit_usd_per_gb"].to_numpy(float), _egress(facts)
    for r in traffic.to_dict("records"):
        t = int(r["period"])
        if r["survivable"]:
            main, other = pairs.get((r["service"], "refresh", r["origin"], r["site"], t), ([], []))
        else:
            route, other = network.route(t, bool(r["avoid_subsea"]), r["origin"], r["site"]), []
            if route is None:
                if r["gbps"] > 0:
                    facts.found.add("fibre", f"site {r['site']}", f"no fibre leads there from {r['origin']}", r["gbps"], "Gbit/s")
                continue
            main = route
        np.add.at(load[:, t], [*main, *other], r["gbps"])
        if r["gb"] > 0:  # a copy of data, which may come from any node, costs nothing
            facts.cash.pay("network", t, r["gb"] * (egress[r["origin"]] + price[main].sum()) / USD_PER_MUSD)
    return load


def pay_users_traffic(facts: Facts, network: Network, served: pd.DataFrame) -> None:
    """Pay what leaves the sites for users, over the shortest route."""
    price, egress = network.links["transit_usd_per_gb"].to_numpy(float), _egress(facts)
    sent = served[served["bytes_per_token"] > 0]
    tokens = sent["share"] * sent["mtok_per_day"] * TOKENS_PER_MTOK * DAYS_PER_MONTH * facts.case.period_months
    gb = (tokens * sent["bytes_per_token"] / BYTES_PER_GB).to_numpy(float)
    for amount, t, dry, site, metro in zip(gb, sent["period"], sent["avoid_subsea"], sent["site"], sent["metro"], strict=True):
        route = network.route(int(t), bool(dry), site, metro) or []  # none: reported as latency
        facts.cash.pay("network", int(t), amount * (egress[site] + price[route].sum()) / USD_PER_MUSD)


def _egress(facts: Facts) -> dict[str, float]:
    """Return the price of traffic that leaves each site, $/GB."""
    return dict(zip(facts.sites["site"], facts.sites["egress_usd_per_gb"].astype(float), strict=True))
