"""Key figures of a plan, from its tables alone. Units are in the names; money undiscounted unless it says npv."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from placement.case import Case
from placement.plan.figures.chips import chips
from placement.plan.figures.cooling import cooling
from placement.plan.figures.fibre import fibre
from placement.plan.figures.filler import filler
from placement.plan.figures.inference import inference
from placement.plan.figures.money import money
from placement.plan.figures.pairs import priced
from placement.plan.figures.power import power
from placement.plan.figures.redundancy import redundancy
from placement.plan.figures.releases import releases
from placement.plan.figures.service_costs import service_costs
from placement.plan.figures.shifting import shifting
from placement.plan.figures.sites import sites
from placement.plan.figures.stranded import stranded
from placement.plan.figures.tables import Tables
from placement.plan.figures.training import training
from placement.plan.figures.upstream import upstream
from placement.units import USD_PER_MUSD

#: The layers' figures, in the order in which they are shown; a layer that is absent returns none.
FIGURES: tuple[Callable[[Case, Tables], dict[str, float]], ...] = (
    money,
    sites,
    chips,
    upstream,
    power,
    cooling,
    training,
    stranded,
    shifting,
    filler,
    releases,
    inference,
    redundancy,
    fibre,
)


def kpis(case: Case, tables: Tables, costs: pd.DataFrame) -> dict[str, float]:
    """Return the key figures of a plan (models/README.md, section 11); figures of absent layers are left out.

    Parameters
    ----------
    costs
        Undiscounted M$ by ``term``, ``layer`` and ``owner`` (site, SKU or blank).
    """
    if "pairs" in case:
        return {k: float(v) for k, v in priced(case, tables).items() if np.isfinite(v)}
    found = {k: v for part in FIGURES for k, v in part(case, tables).items()}
    found |= {f"{term}_{layer}_musd": v for (term, layer), v in costs.groupby(["term", "layer"])["musd"].sum().items()}
    if found.get("served_gtok", 0) > 0:
        found["cost_usd_per_mtok"] = service_costs(case, tables)["cost_musd"].sum() * USD_PER_MUSD / (found["served_gtok"] * 1e3)
    return {k: float(v) for k, v in found.items() if np.isfinite(v)}
