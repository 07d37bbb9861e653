"""What the terminal says of a plan, row by row: a label, one amount, what it is, and the largest of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from placement.report.formats import fixed, money, musd, number, percent, plural, significant
from placement.report.text import VALUE, checked, is_priced, peak_unserved, unit_of, unserved_rows, verified_gap, worth

Plan = Mapping[str, pd.DataFrame]
_SERVICES = 3  # whose demand is not served, named


class Row(NamedTuple):
    """One line; a label that stands on the line before is not repeated."""

    label: str
    amount: str
    text: str = ""
    items: tuple[str, ...] = ()


def rows_of(summary: Mapping[str, object], plan: Plan) -> list[Row]:
    """Return the rows of a run with a plan; what must not be lost comes first."""
    told = _priced(plan) if is_priced(summary) else [*_built(plan), *_placed(plan), *_short(plan, summary)]
    return [*_proof(summary), *_verdict(summary), *told]


def seconds(summary: Mapping[str, object]) -> Row:
    """Return how long it took."""
    return Row("time", f"{fixed(summary.get('runtime_s'), 1)} s")


def _proof(summary: Mapping[str, object]) -> list[Row]:
    (name, amount), gap, claimed = worth(summary), verified_gap(summary), number(summary.get("gap"))
    side, sign = ("at most", -1.0) if name == VALUE else ("at least", 1.0)
    own, unit = number(summary.get("bound")), unit_of(summary)
    verified = money(sign * number(summary.get("verified_bound")), unit)
    what = "" if is_priced(summary) else name[0].lower() + name[1:]
    signed = f" (objective {musd(summary.get('objective'))})" if name == VALUE else ""  # the progress lines show the cost that is minimised
    bounds = [Row("bound", verified, f"{side}, verified (no solver trusted)") if gap == gap else Row("bound", "none", "verified")]
    bounds += [Row("bound", money(sign * own, unit), f"{side}, the solver's own")] if own == own else []
    gaps = [Row("gap", percent(gap), "verified") if gap == gap else Row("gap", "-", "not verified")]
    gaps += [Row("gap", percent(claimed), "the solver's own")] if claimed == claimed else []
    if name == VALUE:
        what = what.removeprefix("value ")
    return [Row("value" if name == VALUE else "cost", amount, what.removeprefix("cost ") + signed), *bounds, *gaps, seconds(summary)]


def _verdict(summary: Mapping[str, object]) -> list[Row]:
    ok, violations = checked(summary)
    untold = str(summary.get("prices_note") or "")
    prices = [Row("prices", "none", untold.removeprefix("prices were "))] if untold and not is_priced(summary) else []
    if ok is None:
        return [Row("check", "not run"), *prices]
    return [Row("check", "passed" if ok else "FAILED"), *([] if ok else [Row("check", "", str(v)) for v in violations[:3]]), *prices]


def _built(plan: Plan) -> list[Row]:
    halls = plan["halls"].loc[lambda d: d["existing"] == 0]
    rows = [Row("build", f"{significant(halls['it_mw'].sum())} MW", f"of IT power, {plural(len(halls), 'new hall')}", _top(halls, "site", "it_mw", " MW"))]
    orders, contracts, rents = plan["orders"], plan["contracts"], plan["rents"]
    leased = orders["offer"].isin(rents["offer"])
    for word, some in (("buy", orders[~leased]), ("lease", orders[leased])):
        if len(some):
            text = f"for {fixed(some['units'].sum())} accelerators"
            rows.append(Row(word, musd(some["cost_musd"].sum()), text, _top(some, "sku", "units", "")))
    free = rents[~rents["offer"].isin(orders["offer"])]
    if len(free):
        most = free.groupby("period")["units"].sum().max()
        text = f"for up to {fixed(most)} accelerators on demand"
        rows.append(Row("rent", musd(free["cost_musd"].sum()), text, _top(free, "site", "cost_musd", " M$")))
    if len(contracts):
        text = f"from {plural(len(contracts), 'power contract')}"
        rows.append(Row("sign", f"{significant(contracts['mw'].sum())} MW", text, _top(contracts, "ppa", "mw", " MW")))
    made = plan["generators"].groupby("generator")["mw"].max()
    if len(made):
        rows.append(Row("install", f"{significant(made.sum())} MW", "of on-site generation"))
    modules = plan["fibre"].groupby("link")["modules"].max().sum()
    return [*rows, Row("light", fixed(round(modules)), "fibre modules" if round(modules) != 1 else "fibre module")] if modules > 0 else rows


def _top(df: pd.DataFrame, key: str, value: str, unit: str) -> tuple[str, ...]:
    best = df.groupby(key)[value].sum().sort_values(ascending=False, kind="stable")
    return tuple(f"{k} {significant(v)}{unit}" for k, v in best.items())


def _placed(plan: Plan) -> list[Row]:
    jobs, lost, shares = plan["training"]["job"].nunique(), len(plan["unplaced"]), plan["inference"]
    rows = [Row("train", fixed(jobs), f"of {plural(jobs + lost, 'job')} placed")] if jobs + lost else []
    if len(shares) or len(plan["unserved"]):
        services = shares["service"].nunique()
        text = f"service{'s' if services != 1 else ''} from {plural(shares['site'].nunique(), 'site')}"
        rows.append(Row("serve", fixed(services), text))
    return rows


def _priced(plan: Plan) -> list[Row]:
    """Return what a plan for a case with pairs opens and places."""
    opened, jobs, shares = plan["openings"], plan["training"], plan["inference"]
    used = pd.concat([jobs["site"], shares["site"]]).nunique()
    rows = [Row("open", fixed((opened["open"] > 0).sum()), f"of {plural(len(opened), 'site')}")] if len(opened) else []
    if len(jobs):
        rows.append(Row("place", fixed(len(jobs)), f"workload{'s' if len(jobs) != 1 else ''} whole"))
    if len(shares):
        count = shares["service"].value_counts()
        rows.append(Row("serve", fixed(len(count)), f"workload{'s' if len(count) != 1 else ''}, {fixed((count > 1).sum())} of them from several sites"))
    return [*rows, Row("use", fixed(used), "site" if used == 1 else "sites")]


def _short(plan: Plan, summary: Mapping[str, object]) -> list[Row]:
    jobs, lost = plan["unplaced"].sort_values("value_musd", ascending=False, kind="stable"), plan["unserved"]
    rows = []
    if len(jobs):
        items = tuple(f"{j} {musd(v)}" for j, v in zip(jobs["job"], jobs["value_musd"], strict=True))
        rows.append(Row("short", musd(jobs["value_musd"].sum()), f"of value in {plural(len(jobs), 'job')} not placed", items))
    if len(lost):
        most, period = peak_unserved(lost)
        who = plural(lost["service"].nunique(), "service")
        rows.append(Row("short", significant(most), f"Mtok/day in {period}, the most demand of {who} not served"))
        rows += _services(lost[lost["period"] == period], summary)
    return rows or [Row("short", "nothing", "is left out")]


def _services(lost: pd.DataFrame, summary: Mapping[str, object]) -> list[Row]:
    """Return whose demand is not served in a period, with the reason of the metro that lacks most where the summary has it."""
    reasons = {(r["service"], r["metro"]): str(r["short"]) for r in unserved_rows(summary.get("unserved"))}
    by = lost.groupby("service")["mtok_per_day"].sum().sort_values(ascending=False, kind="stable")
    rows = []
    for service, mtok in by.head(_SERVICES).items():
        most = lost.loc[lost.loc[lost["service"] == service, "mtok_per_day"].idxmax(), "metro"]
        why = reasons.get((str(service), str(most)), "")
        rows.append(Row("short", significant(mtok), f"{service}{f': {why}' if why else ''}"))
    return [*rows, Row("short", "", f"+ {len(by) - _SERVICES} more services")] if len(by) > _SERVICES else rows
