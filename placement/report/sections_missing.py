"""What is left out, and why: jobs that are not placed, demand that is not served, options that the rules exclude."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from placement.report.facts import Facts
from placement.report.formats import fixed, listed, musd, percent, plural, significant
from placement.report.markup import Html, details, el, note, section, table
from placement.report.tables import grouped, label, names_of, records
from placement.report.text import alone, rules_excluded, unserved_rows
from placement.rules.meaning import MEANING
from placement.units import DAYS_PER_MONTH, USD_PER_MUSD

MOST_ROWS = 40
NO_RULE = "No rule forbids it; it lost to other uses of chips, power or money."


def missing_section(facts: Facts, exclusions: pd.DataFrame | None = None, uncovered: object = None, unserved: object = None) -> Html:
    """Return the jobs that are not placed and the demand that is not served, with the reasons where ``exclusions`` and the summary's ``uncovered`` and
    ``unserved`` have them.
    """
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
    by_metro = {(str(r["service"]), str(r["metro"])): str(r["why"]) for r in unserved_rows(unserved)} | alone(uncovered)
    return section("left-out", "Left out", *parts, el("h3", "Demand that is not served"), *_unserved(facts, lost, by_metro, exclusions if given else None))


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


def _unserved(facts: Facts, lost: pd.DataFrame, why: Mapping[tuple[str, str], str], exclusions: pd.DataFrame | None) -> list[Html | str]:
    if facts.case["demand"].empty:
        return [note("The case has no inference demand.")]
    if lost.empty:
        return [note("None: all demand is served.")]
    services, metros = names_of(facts.case["services"], "service"), names_of(facts.case["metros"], "metro")
    fine = facts.case["services"].set_index("service")["unmet_usd_per_mtok"]
    mtok = lost["mtok_per_day"] * facts.case.period_months * DAYS_PER_MONTH
    by = (
        lost.assign(musd=mtok * lost["service"].map(fine).astype(float).fillna(0.0) / USD_PER_MUSD)
        .groupby(["service", "metro"])
        .agg(mtok=("mtok_per_day", "max"), first=("period", "min"), last=("period", "max"), share=("share", "max"), musd=("musd", "sum"))
        .reset_index()
        .sort_values("mtok", ascending=False, kind="stable")
    )
    told = exclusions is not None or bool(why)
    kept = _kept_from(facts, exclusions)
    served = set(zip(facts.traffic["service"], facts.traffic["metro"], strict=True))
    rows = [
        (
            services.get(r.service, r.service),
            metros.get(r.metro, r.metro),
            label(facts.case, r.first),
            label(facts.case, r.last),
            significant(r.mtok),
            percent(r.share),
            musd(r.musd),
            *((why.get((r.service, r.metro)) or _reason(r.service, (r.service, r.metro) in served, kept),) if told else ()),
        )
        for r in records(by)
    ]
    heads = ("Service", "Metro", "First", "Last", "Most, Mtok/day", "Largest share", "Penalty", *(("Why",) if told else ()))
    hint = note(
        "Penalty: undiscounted, over the horizon; it steers the plan and is paid to nobody.",
        " Other uses: of chips, power or money. Kept away: sites that a rule keeps from some or all metros of the service." if told else "",
    )
    return [hint, table(heads, rows[:10], (4, 5, 6)), _rest(heads, rows[10 : 10 + 10 * MOST_ROWS], (4, 5, 6))]


def _kept_from(facts: Facts, exclusions: pd.DataFrame | None) -> dict[str, tuple[int, str]]:
    """Service -> how many sites the rules keep from all of its metros, and the rules with the number of sites that each keeps from some or all."""
    if exclusions is None or exclusions.empty:
        return {}
    asked = facts.case["demand"].loc[lambda d: d["mtok_per_day"] > 0].groupby("service")["metro"].nunique()
    rows = exclusions.loc[exclusions["workload"].isin(list(asked.index)) & (exclusions["sku"].fillna("") == "") & (exclusions["rule"] != "n_minus_1")]
    out = {}
    for service, g in grouped(rows.assign(n=pd.to_numeric(rows["n"], errors="coerce")), "workload"):
        lost = g.groupby("place")["n"].sum()
        rules = g.groupby("rule")["place"].nunique().to_dict()
        out[str(service)] = (int((lost >= asked[service]).sum()), listed([f"{rule} at {plural(int(k), 'site')}" for rule, k in rules_excluded(rules)], 4))
    return out


def _reason(service: str, served: bool, kept: Mapping[str, tuple[int, str]]) -> str:
    """Return why demand is not served, as far as the rules tell."""
    closed, rules = kept.get(service, (0, ""))
    if served:
        return "Served in part or at other times; the rest lost to other uses." + (f" Kept away: {rules}." if rules else "")
    if not rules:
        return NO_RULE
    return f"Never served there. Kept away: {rules}; {plural(closed, 'site')} from all metros."
