"""Figures of energy and carbon."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case import Case
from placement.plan.figures.tables import Tables, at_rows
from placement.rules.cooling import by_block
from placement.units import KG_PER_T


def power(case: Case, tables: Tables) -> dict[str, float]:
    """Return energy by source, PUE and carbon."""
    energy = tables["energy"]
    if not len(energy):
        return {}
    hours = dict(zip((b.name for b in case.blocks), case.hours, strict=True))
    mwh = energy["mw"] * energy["block"].map(hours)
    pue = at_rows(by_block(case, "pue"), case, energy)
    moved, sold = (tables[name][mw] @ tables[name]["block"].map(hours).astype(float) / 1e3 for name, mw in (("storage", "discharge_mw"), ("exports", "mw")))
    return {
        "energy_gwh": mwh.sum() / 1e3,
        **({"storage_gwh": moved} if "storage" in case else {}),
        **({"export_gwh": sold} if case["generators"]["export_usd_per_mwh"].notna().any() else {}),
        "pue_mean": mwh.sum() / (mwh / pue).sum(),
        "co2_kt": (mwh * _kg_per_mwh(case, energy)).sum() / KG_PER_T / 1e3,
        "contract_share": mwh[energy["source"].str.startswith("ppa:")].sum() / mwh.sum(),
        "own_generation_share": mwh[energy["source"].str.startswith("generator:")].sum() / mwh.sum(),
    }


def _kg_per_mwh(case: Case, energy: pd.DataFrame) -> pd.Series:
    """Return the carbon intensity of each row of the energy table."""
    tariffs = case["tariffs"].assign(period=np.array(case.periods)[case["tariffs"]["period"]])
    zone = case["sites"].set_index("site")["zone"]
    key = pd.MultiIndex.from_arrays([energy["site"].map(zone), energy["period"], energy["block"]])
    grid = pd.Series(tariffs.set_index(["zone", "period", "block"])["co2_kg_per_mwh"].reindex(key).to_numpy(), index=energy.index)
    own = {f"ppa:{p}": kg for p, kg in case["ppas"][["ppa", "co2_kg_per_mwh"]].itertuples(index=False)}
    own |= {f"generator:{g}": kg for g, kg in case["generators"][["generator", "co2_kg_per_mwh"]].itertuples(index=False)}
    return energy["source"].map(own).astype(float).fillna(grid)
