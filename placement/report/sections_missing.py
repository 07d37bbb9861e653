"""What is left out, and why: jobs that are not placed, demand that is not served, options that the rules exclude."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from placement.report.facts import Facts
from placement.report.formats import fixed, listed, musd, percent, significant
from placement.report.markup import Html, details, el, note, section, table
from placement.report.tables import grouped, label, names_of, records
from placement.report.text import alone, rules_excluded
from placement.rules.meaning import MEANING

MOST_ROWS = 40
NO_RULE = "No rule forbids it; it lost to other uses of chips, power or money."


def missing_section(facts: Facts, exclusions: pd.DataFrame | None = None, uncovered: object = None) -> Html:
    """Return the jobs that are not placed and the demand that is not served, with the reasons where ``exclusions`` and ``uncovered`` have them."""
    jobs, lost = facts.plan["unplaced"].sort_values("value_musd", ascending=False), facts.plan["unserved"]
    names, why = names_of(facts.case["jobs"], "job"), _reasons(facts, exclusions)
    given = exclusions is not None and len(exclusions.columns) > 0
    heads = ("Job", "Name", "Value", *(("Why",) if given else ()))
    rows = [(j.job, names.get(j.job, ""), musd(j.value_musd), *((why.get(j.job, NO_RULE),) if given else ())) for j in records(jobs)]
    parts: list[object] = [el("h3", "Training jobs that are not placed")]
    if facts.case["jobs"].empty:
        parts.append(note("The case has no training jobs."))
    elif not rows:
        parts.append(note("None: every job is placed."))
    else:
        hint = note("An option is a fabric domain of a site with one kind of accelerator that the job can use.") if given else ""
        parts += [hint, table(heads, rows[:10], (2,)), _rest(heads, rows[10:], (2,))]
    return section("left-out", "Left out", *parts, el("h3", "Demand that is not served"), *_unserved(facts, lost, alone(uncovered)))


def _reasons(facts: Facts, exclusions: pd.DataFrame | None) -> dict[str, str]:
    """Job -> how many of its (domain, SKU) options the rules exclude, by rule; only jobs with an exclusion."""
    if exclusions is None or exclusions.empty:
        return {}
    halls = facts.case["halls"]
    domains = halls["site"].where(halls["domain"] == "", halls["domain"]).nunique()
    skus = facts.case["job_skus"].groupby("job")["sku"].nunique()
    out = {}
    for job, g in grouped(exclusions.loc[exclusions["workload"].isin(list(skus.index))], "workload"):
        n = float(pd.to_numeric(g["n"], errors="coerce").sum())
        total = max(n, float(domains * skus[job]))
        counts = listed([f"{rule} {fixed(k)}" for rule, k in rules_excluded(g.groupby("rule")["n"].sum().to_dict())], 5)
        rest = "" if n >= total else "; the rest lost to other uses of chips, power or money"
        out[str(job)] = f"Ruled out at {'all ' if n >= total else fixed(n) + ' of '}{fixed(total)} (site, SKU) options: {counts}{rest}."
    return out


def excluded_section(summary: Mapping[str, object]) -> list[Html]:
    """Return what the rules exclude, as one section; nothing where the summary has no count."""
    rows = [(rule, MEANING.get(rule.partition(":")[0], ""), fixed(n)) for rule, n in rules_excluded(summary.get("excluded"))]
    if not rows:
        return []
    hint = note("Options (place and accelerator for a workload) that each rule excludes before the search; exclusions.csv of the run has them one by one.")
    return [section("excluded", "What the rules exclude", hint, table(("Rule", "Meaning", "Options"), rows, (2,)))]


def _rest(heads: Sequence[str], rows: Sequence[Sequence[object]], numeric: Sequence[int]) -> Html | str:
    return details(f"Show the other {len(rows)}", table(heads, rows, numeric)) if rows else ""


def _unserved(facts: Facts, lost: pd.DataFrame, why: Mapping[tuple[str, str], str]) -> list[Html | str]:
    if facts.case["demand"].empty:
        return [note("The case has no inference demand.")]
    if lost.empty:
        return [note("None: all demand is served.")]
    services, metros = names_of(facts.case["services"], "service"), names_of(facts.case["metros"], "metro")
    by = (
        lost.groupby(["service", "metro"])
        .agg(mtok=("mtok_per_day", "max"), first=("period", "min"), last=("period", "max"), share=("share", "max"))
        .reset_index()
        .sort_values("mtok", ascending=False, kind="stable")
    )
    rows = [
        (
            services.get(r.service, r.service),
            metros.get(r.metro, r.metro),
            label(facts.case, r.first),
            label(facts.case, r.last),
            significant(r.mtok),
            percent(r.share),
            *((why.get((r.service, r.metro), ""),) if why else ()),
        )
        for r in records(by)
    ]
    heads = ("Service", "Metro", "First", "Last", "Most, Mtok/day", "Largest share", *(("Why",) if why else ()))
    hint = note("Where nothing is said, it lost to other uses, or rules keep every site from it: see What the rules exclude.") if why else ""
    return [hint, table(heads, rows[:10], (4, 5)), _rest(heads, rows[10 : 10 + 10 * MOST_ROWS], (4, 5))]
