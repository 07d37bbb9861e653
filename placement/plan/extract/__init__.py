"""From the solver's numbers to the plan tables of models/README.md, section 10: one file per layer, one line per table here."""

from collections.abc import Callable, Mapping

import pandas as pd

from placement.plan.checking.tables import PLAN_TABLES
from placement.plan.extract import chips, demand, fibre, lifetimes, money, orders, power, redundancy, releases, shifting, sites, stranded, upstream, water
from placement.plan.extract.inference import latency, pools, presence, refresh, standby
from placement.plan.extract.money import costs
from placement.plan.extract.solution import Solution, table

__all__ = ["EXTRACTORS", "Solution", "costs", "extract"]

#: Plan table -> the function that reads it from a solution.
EXTRACTORS: Mapping[str, Callable[[Solution], pd.DataFrame]] = {
    "training": demand.training,
    "inference": demand.inference,
    "sites": sites.sites,
    "halls": sites.halls,
    "milestones": sites.milestones,
    "grid": power.grid,
    "contracts": power.contracts,
    "generators": power.generators,
    "orders": orders.orders,
    "rents": orders.rents,
    "resales": orders.resales,
    "chips": chips.chips,
    "stock": lifetimes.stock,
    "moves": lifetimes.moves,
    "stages": upstream.stages,
    "energy": power.energy,
    "paid": power.paid,
    "storage": power.storage,
    "exports": power.exports,
    "curtailment": power.curtailment,
    "offsets": power.offsets,
    "mix": power.mix,
    "peaks": power.peaks,
    "water": water.water,
    "fibre": fibre.fibre,
    "waves": fibre.waves,
    "routes": fibre.routes,
    "spares": redundancy.spares,
    "latency": latency,
    "refresh": refresh,
    "presence": presence,
    "standby": standby,
    "pools": pools,
    "unserved": demand.unserved,
    "unplaced": demand.unplaced,
    "shifts": shifting.shifts,
    "releases": releases.releases,
    "local_benefits": sites.local_benefits,
    "land_options": sites.land_options,
    "stranded": stranded.stranded,
    "openings": sites.openings,
    "debt": money.debt,
    "tranches": money.tranches,
    "draws": money.draws,
    "income": money.income,
    "cash": money.cash,
}

_WITH_PAIRS = ("training", "inference", "openings", "cash")  # the rest says nothing of priced placements


def extract(solution: Solution) -> dict[str, pd.DataFrame]:
    """Return every plan table by name."""
    said = _WITH_PAIRS if "pairs" in solution.case else tuple(PLAN_TABLES)
    return {name: EXTRACTORS[name](solution) if name in said else table(name, []) for name in PLAN_TABLES}
