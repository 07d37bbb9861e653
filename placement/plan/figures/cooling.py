"""Figures of water and heat."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case import Case
from placement.plan.figures.tables import Tables, at_rows
from placement.rules.cooling import by_block


def cooling(case: Case, tables: Tables) -> dict[str, float]:
    """Return the water used, where it is known what each site uses."""
    used = _at_facilities(case, tables)
    water = by_block(case, "wue_l_per_kwh")
    if not len(tables["energy"]) or np.isnan(water).all():
        return {}
    hours = dict(zip((b.name for b in case.blocks), case.hours, strict=True))
    it_mwh = used["mw"] * used["block"].map(hours) / at_rows(by_block(case, "pue"), case, used)
    return {"water_ml": (it_mwh * at_rows(water, case, used)).sum() / 1e3}


def _at_facilities(case: Case, tables: Tables) -> pd.DataFrame:
    """Return MW by site, period and block: what is taken, less what is sold and what storage keeps, which turn into no heat there."""
    place = ["site", "period", "block"]
    homes = {name: case[table].set_index(name)["site"] for name, table in (("generator", "generators"), ("storage", "storage"))}
    sold, stored = tables["exports"], tables["storage"]
    sold = sold.assign(site=sold["generator"].map(homes["generator"]), mw=-sold["mw"])
    stored = stored.assign(site=stored["storage"].map(homes["storage"]), mw=stored["discharge_mw"] - stored["charge_mw"])
    parts = [rows[[*place, "mw"]] for rows in (tables["energy"], sold, stored) if len(rows)]
    return pd.concat(parts, ignore_index=True) if parts else tables["energy"]
