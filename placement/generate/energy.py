"""What belongs to zones: tariffs, power contracts, profiles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from placement.generate.kit import Kit

PRICE = 0.05  # spread


def put_energy(kit: Kit) -> None:
    """Keep the zones of sites; prices at the new periods, contracts in proportion to the grid power of their zone."""
    zones = list(dict.fromkeys(kit.here("sites")["zone"]))
    if "tariffs" in kit.base:
        _put_tariffs(kit, zones)
    if "ppas" in kit.base:
        _put_contracts(kit, zones)
    used = set(kit.here("ppas")["profile"]) | set(kit.here("generators")["profile"])
    kit.put("profiles", kit.base["profiles"][kit.base["profiles"]["profile"].isin(used)], "kept")


def _put_tariffs(kit: Kit, zones: list[str]) -> None:
    """Interpolate each zone's series between periods, with one factor per zone on prices."""
    rows = kit.base["tariffs"]
    factor = dict(zip(zones, kit.draw.spread("tariffs", len(zones), PRICE), strict=True))
    series = ["energy_usd_per_mwh", "co2_kg_per_mwh", "clean_share"]
    wide = rows[rows["zone"].isin(zones)].pivot_table(index=["zone", "block"], columns="period", values=series, sort=False)
    n, after = len(wide), kit.calendar.after
    zone, block = (np.repeat(wide.index.get_level_values(level).to_numpy(), after) for level in ("zone", "block"))
    columns = {c: kit.calendar.series(wide[c].sort_index(axis=1).to_numpy(float)).ravel() for c in series}
    table = pd.DataFrame({"zone": zone, "period": np.tile(np.arange(after), n), "block": block, **columns})
    table["energy_usd_per_mwh"] = (table["energy_usd_per_mwh"] * table["zone"].map(factor)).round(2)
    table["co2_kg_per_mwh"] = table["co2_kg_per_mwh"].round(1)
    kit.put("tariffs", table, "interpolated between the periods of " + table["zone"])


def _put_contracts(kit: Kit, zones: list[str]) -> None:
    old, new = _grid_mw(kit.base.__getitem__), _grid_mw(kit.here)
    rows = kit.base["ppas"]
    rows = rows[rows["zone"].isin(list(new))].copy()
    factor = [new[z] / old[z] for z in rows["zone"]]
    rows["max_mw"] *= factor
    rows["min_mw"] *= factor
    rows["price_usd_per_mwh"] *= kit.draw.spread("contracts", len(rows), PRICE)
    rows["start"] = kit.calendar.moved(rows["start"].to_numpy())
    note = "from " + rows["ppa"] + ", scaled by the zone's grid power"
    rows["ppa"] = rows["ppa"] + ".1"
    kit.put("ppas", rows, note)


def _grid_mw(tables: Callable[[str], pd.DataFrame]) -> dict[str, float]:
    """Return the grid power by zone."""
    grid, sites = tables("grid"), tables("sites")
    return {str(z): float(mw) for z, mw in grid["mw"].groupby(grid["site"].map(sites.set_index("site")["zone"])).sum().items()}
