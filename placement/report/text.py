"""The answer in a planner's words: what to build and buy, what it costs, how sure that is, what is left out."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from placement.case.settings import TERMS
from placement.report.facts import Facts
from placement.report.formats import TERM_NAMES, fixed, listed, money, musd, number, percent, plural, unit
from placement.report.tables import label

PENALTIES = "unmet"  # the term that is paid to nobody
VALUE, COST, PRICED = "Value less cost and penalties", "Cost and penalties less value", "Cost"
#: What is said where the minimised objective and its value may be met side by side.
TURNED = f"{VALUE} is the objective with its sign turned: the search makes cost and penalties less value as small as can be, and more value is better."


def unit_of(summary: Mapping[str, object]) -> str:
    """Return the unit of the run's costs: M$, or what a case with pairs says."""
    return str(summary.get("cost_unit", "M$"))


def is_priced(summary: Mapping[str, object]) -> bool:
    """Whether the run is of a case with pairs."""
    return summary.get("priced") is True


def verified_gap(summary: Mapping[str, object]) -> float:
    """Return the gap to the verified bound; NaN where there is none."""
    objective, bound = number(summary.get("objective")), number(summary.get("verified_bound"))
    return abs(objective - bound) / max(abs(objective), 1e-9)


def has_plan(summary: Mapping[str, object]) -> bool:
    """Whether there is a plan at all."""
    return not math.isnan(number(summary.get("objective")))


def worth(summary: Mapping[str, object]) -> tuple[str, str]:
    """Return name and amount of the objective: a value where it is negative, else a cost. Its penalties make it no present value."""
    value, unit = number(summary.get("objective")), unit_of(summary)
    name, sign = (PRICED, 1.0) if is_priced(summary) else called(value, unit)
    return name, money(sign * value, unit)


def called(objective: float, unit: str) -> tuple[str, float]:
    """Return what the objective is called and the sign with which it is shown: a value, which is minus what is minimised, where it is below 0; else a cost.

    Examples
    --------
    >>> called(-5.0, "M$"), called(5.0, "k$")
    (('Value less cost and penalties', -1.0), ('Cost', 1.0))
    """
    return (VALUE, -1.0) if objective < 0 else (COST if unit == "M$" else PRICED, 1.0)


def present_value(facts: Facts) -> float:
    """Return the net present value, M$: all money of the plan, discounted, without the penalties for unserved demand."""
    return -float(facts.present_value.drop(PENALTIES, errors="ignore").sum())


def peak_unserved(unserved: pd.DataFrame) -> tuple[float, object]:
    """Return the most demand that is not served in one period, all services together, Mtok/day, and that period."""
    worst = unserved.groupby("period")["mtok_per_day"].sum()
    return float(worst.max()), worst.index[int(worst.argmax())]


def interrupted(summary: Mapping[str, object]) -> str:
    """Return the sentence for a run that was interrupted; nothing for one that was not."""
    if summary.get("interrupted") is not True:
        return ""
    more = "this is the best plan found until then, and a longer run may find a better one" if has_plan(summary) else "there was no plan yet"
    return f"the search was stopped before it was done; {more}."


def names(value: object) -> list[str]:
    """Return a list of strings of a summary; empty for anything else."""
    return [str(v) for v in value] if isinstance(value, (list, tuple)) else []


def alone(value: object) -> dict[tuple[str, str], str]:
    """Return why one failure domain is not enough, by service and metro, from ``uncovered`` of a summary; empty for anything else."""
    rows = [r for r in value if isinstance(r, Mapping)] if isinstance(value, (list, tuple)) else []
    return {(str(r.get("service")), str(r.get("metro"))): str(r.get("why")) for r in rows}


def unserved_rows(value: object) -> list[Mapping[str, object]]:
    """Return why demand is not served, by service and metro, from ``unserved`` of a summary; empty for anything else."""
    rows = [r for r in value if isinstance(r, Mapping)] if isinstance(value, (list, tuple)) else []
    return [r for r in rows if all(isinstance(r.get(c), str) for c in ("service", "metro", "why", "short"))]


def rules_excluded(value: object) -> list[tuple[str, float]]:
    """Return rule and count of the options that it excludes, the largest count first."""
    found = [(str(k), number(v)) for k, v in value.items()] if isinstance(value, Mapping) else []
    return sorted((r for r in found if r[1] > 0), key=lambda r: (-r[1], r[0]))


def no_plan(summary: Mapping[str, object]) -> str:
    """Return the sentence for a run without a plan."""
    if str(summary.get("status")) == "infeasible":
        how = str(summary.get("infeasible_by") or "claimed by the solver")
        return f"There is no plan: the rules and limits of this case cannot all hold ({how})."
    return f"There is no plan yet (status: {summary.get('status')}). Nothing is proven about the case; give the solver more time."


def actions(facts: Facts) -> list[str]:
    """Return what the plan does, one phrase per layer; layers without a decision are left out."""
    found = (_build(facts), _chips(facts), _power(facts), _place(facts))
    return [phrase for phrase in found if phrase]


def _build(facts: Facts) -> str:
    halls = facts.new_halls
    if halls.empty:
        return "build no new hall" if (facts.case["halls"]["existing"] == 0).any() else ""
    by_site = halls.groupby("site")["it_mw"].sum().sort_values(ascending=False)
    where = listed([facts.site_names.get(s, s) for s in map(str, by_site.index)])
    first = label(facts.case, int(halls["in_service"].min()))
    size = unit(halls["it_mw"].sum(), "MW")
    return f"build {plural(len(halls), 'hall')} with {size} of IT capacity at {where}, the first in service in {first}"


def _chips(facts: Facts) -> str:
    parts = [
        f"{verb} {_by_sku(facts, some)} for {musd(some['cost_musd'].sum())}"
        for verb, some in (("buy", facts.orders["bought"]), ("lease", facts.orders["leased"]))
        if len(some)
    ]
    flexible = facts.on_demand
    if len(flexible):
        most = flexible.groupby("period")["units"].sum().max()
        parts.append(f"rent up to {plural(round(most), 'accelerator')} on demand for {musd(flexible['cost_musd'].sum())}")
    return listed(parts)


def _by_sku(facts: Facts, orders: pd.DataFrame) -> str:
    by_sku = orders.groupby("sku")["units"].sum().sort_values(ascending=False)
    return listed([f"{fixed(u)} {facts.sku_names.get(k, k)}" for k, u in zip(map(str, by_sku.index), by_sku, strict=True)])


def _power(facts: Facts) -> str:
    parts = []
    tiers, contracts, made = facts.paid_tiers, facts.plan["contracts"], facts.plan["generators"]
    if len(tiers):
        parts.append(f"energise {unit(tiers['mw'].sum(), 'MW')} of grid connection")
    if len(contracts):
        parts.append(f"sign {plural(len(contracts), 'power contract')} for {unit(contracts['mw'].sum(), 'MW')}")
    if len(made):
        parts.append(f"install {unit(made.groupby('generator')['mw'].max().sum(), 'MW')} of on-site generation")
    return ", ".join(parts)


def _place(facts: Facts) -> str:
    parts = []
    if len(facts.case["jobs"]):
        parts.append(f"run {fixed(facts.placed)} of {plural(len(facts.case['jobs']), 'training job')}")
    if not math.isnan(facts.served_overall):
        parts.append(f"serve {percent(facts.served_overall)} of inference demand")
    return " and ".join(parts)


def headline(facts: Facts) -> str:
    """Return the plan in one sentence."""
    parts = actions(facts)
    sentence = "; ".join(parts) if parts else "change nothing: no hall, chip, contract or job is decided"
    return sentence[:1].upper() + sentence[1:] + "."


def certainty(summary: Mapping[str, object]) -> str:
    """Return what the plan costs and how far it may be from the best one."""
    name, amount = worth(summary)
    gap = verified_gap(summary)
    first = f"{name}: {amount}."
    if number(summary.get("verified_bound")) > number(summary["objective"]) + 1e-6 * abs(number(summary["objective"])):
        return f"{first} The verified bound lies above the objective: plan and bound contradict each other, rely on neither."
    if math.isnan(gap):
        return f"{first} No bound has been verified, so how much better a plan could be is not known."
    if gap < 1e-9:
        return f"{first} The bound, verified without the solver, equals it: no plan is better."
    difference = abs(number(summary["objective"]) - number(summary["verified_bound"]))
    return f"{first} No plan can be better by more than {money(difference, unit_of(summary))} ({percent(gap)}): that bound is verified without the solver."


def left_out(facts: Facts) -> str:
    """Return what is not placed and not served."""
    unplaced, unserved = facts.plan["unplaced"], facts.plan["unserved"]
    parts = []
    if len(unplaced):
        parts.append(f"{plural(len(unplaced), 'training job')} worth {musd(unplaced['value_musd'].sum())} (undiscounted)")
    if len(unserved):
        most, worst = peak_unserved(unserved)
        peak = f"{unit(most, 'Mtok/day')} in {label(facts.case, int(str(worst)))}"
        parts.append(f"demand of {plural(unserved['service'].nunique(), 'service')}, up to {peak}")
    if not parts:
        return "Nothing is left out: every job is placed and all demand is served." if len(facts.case["jobs"]) + len(facts.case["demand"]) else ""
    return "Left out: " + " and ".join(parts) + "."


def nearly_empty(facts: Facts) -> str:
    """Return which new halls the plan hardly uses; nothing where there are none."""
    halls = facts.empty_halls.sort_values("it_mw", ascending=False, kind="stable")
    if halls.empty:
        return ""
    named = [f"{facts.site_names.get(s, s)} {h} ({unit(mw, 'MW')})" for s, h, mw in zip(halls["site"], halls["hall"], halls["it_mw"], strict=True)]
    many = f"{plural(len(halls), 'new hall')} of {unit(halls['it_mw'].sum(), 'MW')} in all"
    return f"Nearly empty: in {facts.case.periods[-1]} accelerators take less than a tenth of the IT power of {many}: {listed(named, 6)}."


def checked(summary: Mapping[str, object]) -> tuple[bool | None, list[str]]:
    """Return the verdict of the independent checker (``None``: not run) and its violations."""
    check = summary.get("check")
    if not isinstance(check, Mapping) or "ok" not in check:
        return None, []
    violations = check.get("violations")
    many = violations if isinstance(violations, (list, tuple)) else [] if violations in (None, 0) else [violations]
    return bool(check["ok"]), [str(v) for v in many]


def term_name(term: str) -> str:
    """Return a term of the objective in a planner's words; one that is not known as it is."""
    return TERM_NAMES.get(term, term)


def term_order(terms: pd.Index) -> list[str]:
    """Return the terms of the objective in reading order, unknown ones last."""
    return [t for t in TERMS if t in terms] + sorted(t for t in terms if t not in TERMS)
