"""Figures of capacity that no gang can use."""

from __future__ import annotations

from placement.case import Case
from placement.plan.figures.tables import Tables


def stranded(case: Case, tables: Tables) -> dict[str, float]:
    """Return what of the halls in service no gang can use, and usable against nominal capacity."""
    if "jobs" not in case or "stranded" not in tables:
        return {}
    rows, halls = tables["stranded"], tables["halls"]
    number = {label: t for t, label in enumerate(case.periods)}
    nominal = (halls["it_mw"] * (case.n_periods - halls["in_service"].map(number))).sum()
    out = {
        "stranded_gang_mw_mean": rows["stranded_mw"].sum() / case.n_periods,
        "stranded_gang_units_end": rows.loc[rows["period"] == case.periods[-1], "stranded_units"].sum(),
    }
    return {**out, "usable_it_share": 1 - rows["stranded_mw"].sum() / nominal} if nominal > 0 else out
