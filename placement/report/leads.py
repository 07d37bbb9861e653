"""When the milestones of what is built begin and end: the plan's dates with the case's lead times."""

from __future__ import annotations

from typing import Any

import pandas as pd

from placement.report.facts import Facts
from placement.report.tables import grouped, records
from placement.rules.milestones import tails_of


def in_service(facts: Facts) -> dict[tuple[str, str], int]:
    """Return the period in which each new hall enters service, and in which each site opens (its hall is blank)."""
    halls, sites = facts.new_halls, facts.plan["sites"]
    service = dict(zip(zip(halls["site"], halls["hall"], strict=True), halls["in_service"], strict=True))
    return service | {(s, ""): t for s, t in zip(sites["site"], sites["opened"], strict=True)}


def with_leads(facts: Facts, service: dict[tuple[str, str], int]) -> pd.DataFrame:
    """Return the milestones of the plan with their durations and ``begin``: the very time at which work must begin, which may lie within a period."""
    columns = ["site", "hall", "milestone", "lead_p10", "lead_p50", "lead_p90", "cost_musd"]
    df = facts.plan["milestones"].merge(facts.case["milestones"][columns], on=columns[:3], how="left").fillna(dict.fromkeys(columns[3:], 0.0))
    lead = f"lead_p{facts.case.lead_percentile}"
    tails = {key: tails_of(g, lead) for key, g in grouped(facts.case["milestones"], ["site", "hall"])}

    def begin(r: Any) -> float:
        end, tail = service.get((r.site, r.hall)), tails.get((r.site, r.hall), {}).get(r.milestone)
        return float(r.start) if end is None or tail is None else max(0.0, end - tail)  # as models/README.md, section 1, has it

    return df.assign(begin=[begin(r) for r in records(df)])
