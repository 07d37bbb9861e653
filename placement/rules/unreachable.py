"""What a case offers but no plan can have, because its first possible date lies behind the horizon."""

from __future__ import annotations

from collections.abc import Iterator

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
    for r in case["grid"].query("available >= @end").itertuples():
        yield f"tier:{r.site}/{r.tier}", r.site, ""
    for p in case["ppas"].query("start >= @end").itertuples():
        yield f"ppa:{p.ppa}", p.zone, ""
    for g in case["generators"].query("available >= @end").itertuples():
        yield f"generator:{g.generator}", g.site, ""
    for n in case["storage"].query("available >= @end").itertuples():
        yield f"storage:{n.storage}", n.site, ""
    for q in case["offers"].query("period + lead_periods >= @end").itertuples():
        yield f"offer:{q.offer}", "", q.sku
    for e in case["links"].query("available >= @end").itertuples():
        yield f"link:{e.link}", "", ""
    for e in case["links"].query("max_modules > 0 and lead_periods >= @end and available < @end").itertuples():
        yield f"modules:{e.link}", "", ""
