"""The section about inference: what it costs per million tokens, latency against its limit, what is served."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.report.charts import Distribution, Series, distributions, heat, legend, stacked
from placement.report.facts import Facts
from placement.report.formats import MISSING, fixed, listed, percent, significant, unit
from placement.report.markup import Html, details, el, figure, note, section, table
from placement.report.tables import grouped, names_of, weighted_quantile
from placement.units import USD_PER_MUSD

BINS = 24
_NEAR = 3.0  # a price is drawn where it is less than so many times the cost
MOST_SERVICES = 12  # small multiples of cost; the table has all
_HOW = (
    "What a period costs (running costs, rent, interest, capital as it is written off), shared out: a kind of accelerator by its units in use, all else by "
    "the power of all units in use, so that idle units are paid for by those that work. Accelerators from before the horizon are free in it. Line: "
    "price, where it is near."
)


def inference_section(facts: Facts, costs: pd.DataFrame | None) -> Html:
    """Return latency against its limit, served share, and cost per million tokens where it is given."""
    title, case = "Inference", facts.case
    if case["services"].empty or case["demand"].empty:
        return section("inference", title, note("The case has no inference services."))
    names = names_of(case["services"], "service")
    share = facts.served_share
    served = heat(
        [names.get(s, s) for s in share.index],
        case.periods,
        share.to_numpy(),
        "Served share by service and period",
        "of the demand served",
        reverse=True,
    )
    rows = [(names.get(s, s), *(percent(v) for v in share.loc[s])) for s in share.index]
    numbers = table(("Service", *case.periods), rows, range(1, 1 + case.n_periods))
    return section(
        "inference",
        title,
        _latency(facts, names),
        figure("Served share of the demand, %", served, "Light is fully served; the darker, the more is missing.", numbers),
        *_costs(facts, names, costs),
    )


def _costs(facts: Facts, names: dict[str, str], costs: pd.DataFrame | None) -> list[Html]:
    """Return cost per million tokens by service and period beside the price."""
    if costs is None or not (costs["mtok"] > 0).any():
        return []
    sums = costs.groupby("service", sort=False)[["mtok", "cost_musd"]].sum().sort_values("mtok", ascending=False, kind="stable")
    sums = sums.loc[sums["mtok"] > 0]
    price = facts.case["services"].set_index("service")["price_usd_per_mtok"]
    wide = costs.pivot(index="service", columns="period", values="usd_per_mtok").reindex(columns=facts.case.periods)
    mean = sums["cost_musd"] * USD_PER_MUSD / sums["mtok"]
    charts = []
    for s in map(str, sums.index[:MOST_SERVICES]):
        paid = float(price.get(s, 0.0))
        series = [Series("cost per million tokens", wide.loc[s].to_numpy(float), "c1")]
        limit = np.full(facts.case.n_periods, paid) if 0 < paid < _NEAR * wide.loc[s].max() else None  # a far line would flatten the bars
        chart = stacked(series, facts.case.periods, "$/Mtok", f"Cost of {names.get(s, s)} per million tokens by period", "s", limit)
        said = f"{unit(mean[s], '$/Mtok')} on average, price {unit(paid, '$/Mtok')}" if paid > 0 else f"{unit(mean[s], '$/Mtok')} on average, no price"
        charts.append(figure(names.get(s, s), chart, said))
    rows = [
        (names.get(s, s), *map(_usd, (*wide.loc[s], mean[s], price.get(s, 0.0))), fixed(sums["mtok"][s] / 1e3), fixed(sums["cost_musd"][s], 1))
        for s in sums.index
    ]
    total = sums["cost_musd"].sum() * USD_PER_MUSD / sums["mtok"].sum()
    heads = ("Service", *facts.case.periods, "Mean", "Price", "Gtok", "Cost, M$")
    lead = el("p", "Cost of inference: ", el("strong", unit(total, "$/Mtok")), " over the horizon, all services together.")
    more = f" The {len(charts)} of {len(sums)} services with most tokens; the table has all." if len(sums) > len(charts) else ""
    numbers = details("Show the numbers", table(heads, rows, range(1, len(heads)), "$ per million tokens"))
    key = legend([("cost", "c1"), ("line: price, where it is near", "c7")])
    return [el("h3", "Cost per million tokens"), lead, note(_HOW + more), key, el("div", *charts, class_="multiples"), numbers]


def _usd(value: float) -> str:
    return significant(value) if value == value and value > 0 else MISSING


def _latency(facts: Facts, names: dict[str, str]) -> Html:
    limits = dict(zip(facts.case["services"]["service"], facts.case["services"]["slo_rtt_ms"], strict=True))
    own = facts.case["service_metros"].set_index(["service", "metro"])["slo_rtt_ms"].to_dict()
    rows: list[Distribution] = []
    late: list[str] = []
    for service, g in grouped(facts.traffic.loc[lambda d: d["mtok_per_day"] > 0], "service"):
        rtt, weight, limit = g["rtt_ms"].to_numpy(float), g["mtok_per_day"].to_numpy(float), float(limits.get(service, np.nan))
        promised = np.array([own.get((service, metro), limit) for metro in g["metro"]], dtype=float)
        shares, _ = np.histogram(np.clip(rtt / promised, 0, 1), BINS, (0, 1), weights=weight / weight.sum())
        keeps = rtt <= promised * (1 + 1e-9)
        if not keeps.all():
            late.append(names.get(service, service))
        median, p95 = weighted_quantile(rtt, weight, [0.5, 0.95])
        rows.append(Distribution(names.get(service, service), shares, median, p95, limit, float(weight[keeps].sum() / weight.sum())))
    if not rows:
        return note("No inference demand is served.")
    hint = (
        "Share of the served tokens by round-trip time, as a part of the limit for the service and metro (SLO, 95th percentile), the mark at the right. "
        "Further right is closer to the limit."
    )
    if late:
        hint += f" Above their limit, shown at it: {listed(late)}."
    table_rows = [(r.name, fixed(r.median, 1), fixed(r.p95, 1), fixed(r.limit, 1), percent(r.within)) for r in rows]
    chart = distributions(rows, "ms", "Round-trip time against the limit, by service")
    heads = ("Service", "Median, ms", "95th percentile, ms", "Limit, ms", "Tokens within the limit")
    return figure("Round-trip time against the limit", chart, hint, table(heads, table_rows, range(1, 5)))
