"""Figures of halls."""

from __future__ import annotations

from placement.case import Case
from placement.plan.figures.tables import Tables
from placement.units import KW_PER_MW


def sites(case: Case, tables: Tables) -> dict[str, float]:
    """Return halls built, and halls without chips at the end."""
    provided = case["sites"].loc[case["sites"]["power_included"], "site"]  # a provider's halls are not ours to fill
    halls, chips = (tables[name][~tables[name]["site"].isin(provided)] for name in ("halls", "chips"))
    kw = case["skus"].set_index("sku")["kw_per_unit"]
    last = chips[chips["period"] == case.periods[-1]]
    filled = ((last["installed"] + last["deployed"]) * last["sku"].map(kw).astype(float)).sum() / KW_PER_MW
    return {
        "halls_built": (halls["existing"] == 0).sum(),
        "it_mw_built": halls.loc[halls["existing"] == 0, "it_mw"].sum(),
        "it_mw_end": halls["it_mw"].sum(),
        "stranded_it_mw_end": halls["it_mw"].sum() - filled,  # halls in service without chips
    }
