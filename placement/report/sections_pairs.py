"""What the page says of a plan for a case with pairs: which sites are open, what they hold, where each workload goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from placement.report.facts import Facts
from placement.report.formats import MISSING, fixed, money, number, percent, plural, significant
from placement.report.markup import Html, details, el, note, section, table
from placement.report.tables import names_of, records
from placement.report.text import unit_of, verified_gap, worth

MOST_ROWS = 200  # of sites and of placements; a page with a million rows helps nobody, and plan/*.csv has them all
_FIRST = 25


def _placed(facts: Facts) -> pd.DataFrame:
    """Return workload, site, share and use of capacity of every placement."""
    jobs, shares = facts.plan["training"], facts.plan["inference"]
    whole = pd.DataFrame({"workload": jobs["job"], "site": jobs["site"], "share": 1.0, "units": jobs["units"]})
    split = pd.DataFrame({"workload": shares["service"], "site": shares["site"], "share": shares["share"], "units": shares["units"]})
    return pd.concat([whole, split], ignore_index=True)


def _sites(facts: Facts) -> pd.DataFrame:
    """Return the open sites with workloads placed there, use and capacity, the fullest first."""
    placed, plan = _placed(facts), facts.plan["openings"]
    shut = plan.loc[~(plan["open"] > 0), "site"].tolist()
    by_site = placed.groupby("site").agg(workloads=("workload", "nunique"), units=("units", "sum"))
    df = facts.case["sites"].loc[lambda d: ~d["site"].isin(shut), ["site"]].merge(by_site, left_on="site", right_index=True, how="left").fillna(0.0)
    df = df.merge(facts.case["capacity"], on="site", how="left").merge(facts.case["siting"], on="site", how="left")
    return df.assign(full=df["units"] / df["capacity"]).sort_values(["full", "workloads"], ascending=False, kind="stable", ignore_index=True)


def headline(facts: Facts) -> str:
    """Return the plan in one sentence."""
    opened, placed = facts.plan["openings"], _placed(facts)
    what = f"place {plural(placed['workload'].nunique(), 'workload')} at {plural(placed['site'].nunique(), 'site')}"
    if not len(opened):
        return what[:1].upper() + what[1:] + "."
    return f"Open {fixed((opened['open'] > 0).sum())} of {plural(len(opened), 'site')}; {what}."


def tiles(facts: Facts, summary: Mapping[str, object]) -> Html:
    """Return the figures that come first."""
    (name, amount), gap, unit = worth(summary), verified_gap(summary), unit_of(summary)
    cash, sites = facts.present_value, _sites(facts)
    room = sites.loc[sites["capacity"].notna()]
    full = room["units"].sum() / room["capacity"].sum() if len(room) else np.nan
    claimed = number(summary.get("gap"))
    own = f"; {percent(claimed)} by the solver's own bound" if claimed == claimed else ""
    rows = [
        (name, amount, "the objective"),
        ("Verified gap", percent(gap) if gap == gap else "not verified", "to the best possible plan, no solver trusted" + own),
        ("Opening", money(float(cash.get("opening", 0.0)), unit), f"{plural(len(sites), 'site')} open"),
        ("Placing", money(float(cash.get("placing", 0.0)), unit), f"{plural(_placed(facts)['workload'].nunique(), 'workload')}"),
        ("Capacity in use", percent(full) if full == full else "not limited", "of the open sites"),
    ]
    return el("dl", *(el("div", el("dt", dt), el("dd", dd, el("small", small))) for dt, dd, small in rows), class_="tiles")


def sites_section(facts: Facts, summary: Mapping[str, object]) -> Html:
    """Return the open sites, the fullest first."""
    unit, names, df = unit_of(summary), facts.site_names, _sites(facts)
    rows = [
        (
            names.get(r.site, r.site),
            fixed(r.workloads),
            significant(r.units, 5),
            significant(r.capacity, 5) if r.capacity == r.capacity else "not limited",
            percent(r.full) if r.full == r.full else MISSING,
            money(r.opening_cost_musd, unit) if r.opening_cost_musd == r.opening_cost_musd else MISSING,
        )
        for r in records(df.head(MOST_ROWS))
    ]
    heads = ("Site", "Workloads", "Use", "Capacity", "Full", "Cost of opening")
    return section("sites", "Sites", *_folded(heads, rows, (1, 2, 3, 4, 5), len(df), "sites"))


def workloads_section(facts: Facts, summary: Mapping[str, object]) -> Html:
    """Return where each workload goes, the dearest first."""
    unit, names = unit_of(summary), facts.site_names
    known = _workload_names(facts)
    df, pairs = _placed(facts), facts.case["pairs"]
    costs = pairs.loc[pairs["site"].isin(df["site"].unique().tolist()), ["workload", "site", "cost_musd"]]  # of a million pairs few are at open sites
    df = df.merge(costs, on=["workload", "site"], how="left")
    df = df.assign(cost=df["cost_musd"] * df["share"]).sort_values("cost", ascending=False, kind="stable")
    rows = [
        (known.get(r.workload, r.workload), names.get(r.site, r.site), percent(r.share), significant(r.units, 5), money(r.cost, unit))
        for r in records(df.head(MOST_ROWS))
    ]
    return section("workloads", "Workloads", *_folded(("Workload", "Site", "Share", "Use", "Cost"), rows, (2, 3, 4), len(df), "placements"))


def _workload_names(facts: Facts) -> dict[str, str]:
    return names_of(facts.case["jobs"], "job") | names_of(facts.case["services"], "service")


def _folded(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], numeric: tuple[int, ...], n: int, what: str) -> list[object]:
    """Return a table of which all but the first rows open on demand, and a note where not all are on the page."""
    parts: list[object] = [table(heads, rows[:_FIRST], numeric)]
    if len(rows) > _FIRST:
        parts.append(details(f"Show the next {len(rows) - _FIRST}", table(heads, rows[_FIRST:], numeric)))
    return [*parts, note(f"{fixed(n - len(rows))} more {what} are in the plan tables.")] if n > len(rows) else parts
