"""What a case offers but no plan can have, because its first possible date lies behind the horizon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from placement.rules.scope import Scope

EXCLUSIONS = ("workload", "place", "sku", "rule", "n")


def unreachable(scope: Scope) -> pd.DataFrame:
    """Return halls, grid tiers, contracts, generators, storage, offers and fibre modules that come too late, as exclusions by rule ``dates``.

    The column ``workload`` names the kind and the id, such as ``hall:oslo/h1``.
    """
    rows = [(*row, "dates", 1) for row in _late(scope)]
    lost = scope.halls[scope.halls["refused"] != ""]
    rows += [(f"hall:{h.site}/{h.hall}", h.site, "", f"refused:{h.refused}", 1) for h in lost.itertuples()]
    return pd.DataFrame(rows, columns=list(EXCLUSIONS)).astype({"workload": object, "place": object, "sku": object, "rule": object, "n": "int64"})


def _late(scope: Scope) -> Iterator[tuple[str, str, str]]:
    """Yield (kind and id, place, SKU) of everything whose first period is not within the horizon."""
    case, halls = scope.case, scope.halls
    end = case.n_periods
    for h in halls[~halls["existing"] & (halls["first"] >= end) & (halls["refused"] == "")].itertuples():
        yield f"hall:{h.site}/{h.hall}", h.site, ""
    for r in _after(case["grid"], "available", end):
        yield f"tier:{r.site}/{r.tier}", r.site, ""
    for p in _after(case["ppas"], "start", end):
        yield f"ppa:{p.ppa}", p.zone, ""
    for g in _after(case["generators"], "available", end):
        yield f"generator:{g.generator}", g.site, ""
    for n in _after(case["storage"], "available", end):
        yield f"storage:{n.storage}", n.site, ""
    for q in _after(case["offers"].assign(arrives=case["offers"]["period"] + case["offers"]["lead_periods"]), "arrives", end):
        yield f"offer:{q.offer}", "", q.sku
    for e in _after(case["links"], "available", end):
        yield f"link:{e.link}", "", ""
    links = case["links"]
    for e in _after(links[(links["max_modules"] > 0) & (links["available"] < end)], "lead_periods", end):
        yield f"modules:{e.link}", "", ""


def _after(table: pd.DataFrame, column: str, end: int) -> Iterator[Any]:
    """Return the rows with ``column`` at or after ``end``."""
    late = table[table[column] >= end]
    return late.itertuples() if len(late) else iter(())
