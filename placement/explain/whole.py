"""Answers about a plan as a whole, for a terminal: bottleneck layers, alternatives, what building buys."""

from __future__ import annotations

import pandas as pd

from placement.explain.again import Effort
from placement.explain.existing import expansion
from placement.explain.near_best import alternatives
from placement.explain.relief import bottlenecks
from placement.explain.text import frame_table, wrapped
from placement.plan.plan import Plan
from placement.report.formats import LABELS

Answer = tuple[list[str], pd.DataFrame]  # what is printed, and the table that --out writes
_MOST = 15  # rows
_ALTERNATIVES = 5  # plans that differ most


def layers(plan: Plan, effort: Effort, *, by_site: bool) -> Answer:
    """Return what relief in each layer is worth, alone and together with the most valuable one."""
    unit = plan.case.cost_unit
    table = bottlenecks(plan, by_site=by_site, together=True, effort=effort)
    alone, pairs = table[(table["with_layer"] == "") & (table["site"] == "")], table[table["with_layer"] != ""]
    heads = {"layer": "layer", "value_musd": unit, "at_least_musd": "at least", "at_most_musd": "at most", "step": "relief"}
    lines = [*wrapped(f"What relief in each layer would be worth, discounted {unit}, decisions free"), *frame_table(alone, heads)]
    if by_site and (table["site"] != "").any():
        lines += ["", "At one site", *frame_table(table[table["site"] != ""].head(_MOST), {"layer": "layer", "site": "site", **_of(heads, 1, 4)})]
    gain = pairs[pairs["complement_musd"].abs() > 1e-3 * pairs["value_musd"].abs()].sort_values("complement_musd", ascending=False, kind="stable")
    if len(gain):
        top = gain["layer"].iloc[0]
        shown = {"with_layer": "layer", "value_musd": "both", "complement_musd": "beyond the sum of each"}
        lines += ["", *wrapped(f"Together with {top}, {unit} (negative: one relief stands in for the other)"), *frame_table(gain.head(_MOST), shown)]
    return lines, table


def _of(heads: dict[str, str], first: int, last: int) -> dict[str, str]:
    return dict(list(heads.items())[first:last])


def nearly_best(plan: Plan, slack: float, effort: Effort) -> Answer:
    """Return what nearly best plans share, and plans that differ most."""
    found = alternatives(plan, slack, _ALTERNATIVES, effort=effort)
    table, unit = found.decisions, plan.case.cost_unit
    kinds = pd.crosstab(table["kind"], table["verdict"]).reindex(columns=["always", "some", "never"], fill_value=0).reset_index()
    lines = [*wrapped(f"Decisions in plans within {slack:.1%} of the best"), *frame_table(kinds, {c: c for c in kinds})]
    open_ones = int((~table["proven"]).sum())
    if open_ones:
        lines += wrapped(f"{open_ones} of {len(table)} verdicts are not proven: no such plan was found in the time given (--time-limit)")
    lines += ["", "No regret: in every such plan"]
    lines += wrapped("; ".join(f"{r.kind} {r.decision}" for r in table[table["verdict"] == "always"].itertuples()) or "nothing", "  ")
    lines += ["", "Plans that differ most"]
    for r in found.plans.iloc[1:].itertuples():
        many = f"{r.differs_in} decision{'s differ' if r.differs_in != 1 else ' differs'}"
        besides = f" (besides, taken and not used: {r.unused})" if r.unused else ""
        lines += wrapped(f"{r.plan}: {r.above_best:.2%} worse ({r.cost_musd:,.1f} {unit}), {many}: {r.changes}{besides}", "  ")
    if len(found.plans) <= _ALTERNATIVES:
        lines.append("  no other was found that differs in anything that it uses")
    return lines, table


def existing_only(plan: Plan, effort: Effort) -> Answer:
    """Return what building buys beyond what is there."""
    found, unit = expansion(plan, effort=effort), plan.case.cost_unit
    head = (
        f"Without building any site, hall, grid tier, generator, storage or fibre, the best plan found is {found.value_musd:,.1f} {unit} worse "
        f"(between {found.at_least_musd:,.1f} and {found.at_most_musd:,.1f})."
        if len(found.kpis)
        else "Without building, no plan was found."
    )
    table = found.kpis.assign(what=[LABELS.get(k, k.replace("_", " ")) for k in found.kpis["kpi"]])
    heads = {"what": "what", "existing": "without", "plan": "with", "change": "change"}
    lines = [*wrapped(head), "", *frame_table(table.head(_MOST), heads)] if len(table) else wrapped(head)
    if len(found.jobs):
        lines += ["", "Jobs elsewhere", *frame_table(found.jobs.head(_MOST), {"job": "job", "existing": "without", "plan": "with"})]
    return lines, found.kpis
