"""Figures of energy and carbon."""

from __future__ import annotations

import pandas as pd

from placement.case import Case
from placement.plan.figures.tables import Tables, at_rows
from placement.rules.cooling import by_block
from placement.rules.sources import of_source
from placement.units import KG_PER_T


def power(case: Case, tables: Tables) -> dict[str, float]:
    """Return energy by source, PUE and carbon."""
    energy = tables["energy"]
    if not len(energy):
        return {}
    hours = dict(zip((b.name for b in case.blocks), case.hours, strict=True))
    mwh = energy["mw"] * energy["block"].map(hours)
    dated = energy.assign(period=energy["period"].map({label: t for t, label in enumerate(case.periods)}))
    pue = at_rows(by_block(case, "pue"), case, energy)
    bought, own = energy["source"].str.startswith("ppa:"), energy["source"].str.startswith("generator:")
    kt = mwh * of_source(case, dated, "co2_kg_per_mwh", "co2_kg_per_mwh") / KG_PER_T / 1e3
    moved, sold = (tables[name][mw] @ tables[name]["block"].map(hours).astype(float) / 1e3 for name, mw in (("storage", "discharge_mw"), ("exports", "mw")))
    return {
        "energy_gwh": mwh.sum() / 1e3,
        **({"storage_gwh": moved} if "storage" in case else {}),
        **({"export_gwh": sold} if case["generators"]["export_usd_per_mwh"].notna().any() else {}),
        "pue_mean": mwh.sum() / (mwh / pue).sum(),
        "co2_kt": kt.sum(),
        **{f"co2_{name}_kt": kt[mask].sum() for name, mask in (("grid", ~own & ~bought), ("contracts", bought), ("own_generation", own))},
        **_clean(case, dated, mwh),
        "contract_share": mwh[bought].sum() / mwh.sum(),
        "own_generation_share": mwh[own].sum() / mwh.sum(),
    }


def _clean(case: Case, energy: pd.DataFrame, mwh: pd.Series) -> dict[str, float]:
    """Return the share of clean energy, where the case says what is clean."""
    if not any((case[table][column] > 0).any() for table, column in (("tariffs", "clean_share"), ("ppas", "clean"), ("generators", "clean"))):
        return {}
    return {"clean_share": (mwh * of_source(case, energy, "clean_share", "clean")).sum() / mwh.sum()}
