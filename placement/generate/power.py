"""Storage, demand response, demand charges, and limits on where energy comes from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.generate.draw import expand
from placement.generate.kit import Kit

_MARKS = (("tariffs", "clean_share"), ("ppas", "clean"), ("generators", "clean"))


def put_plants(kit: Kit) -> None:
    """Copy storage and demand response with their sites."""
    copies = kit.copies["sites"]
    shift = copies["shift"].to_numpy()
    storage = expand(kit.base["storage"], "site", copies)
    storage["max_mw"] *= copies["size"].to_numpy()[storage["copy"]]
    storage["available"] = kit.calendar.moved(storage["available"].to_numpy(), shift[storage["copy"]])
    storage["storage"] = storage["storage"] + "." + storage["site"].str.rsplit(".", n=1).str[1]
    kit.put("storage", storage, "resampled with " + storage["base"])
    curtailment = expand(kit.base["curtailment"], "site", copies)
    kit.put("curtailment", curtailment, "resampled with " + curtailment["base"])


def put_policies(kit: Kit) -> None:
    """Interpolate charges, targets, caps and shares between periods, for what is still there: zones, technologies, clean energy."""
    zones = set(kit.here("sites")["zone"])
    connected = set(kit.here("sites").loc[kit.here("sites")["site"].isin(kit.here("grid")["site"]), "zone"])
    charges = kit.base["demand_charges"]
    _put(kit, "demand_charges", charges[charges["zone"].isin(list(connected))], ("zone",), "usd_per_mw_month")
    targets = kit.base["clean_targets"]
    clean = any((kit.here(table)[column] > 0).any() for table, column in _MARKS)
    _put(kit, "clean_targets", targets[targets["zone"].isin([*zones, ""]) & clean], ("zone", "matching"), "share")
    if "clean_targets" not in kit.tables:  # a mark without a target would have no effect
        for table, column in _MARKS:
            if table in kit.tables:
                kit.tables[table] = kit.tables[table].assign(**{column: np.zeros(len(kit.tables[table]), kit.base[table][column].dtype)})
    size = _mw(kit.here("grid")) / max(_mw(kit.base["grid"]), 1e-9) if "grid" in kit.base else 1.0
    caps = kit.base["carbon_caps"]
    scaled = caps.assign(kt=caps["kt"] * size / kit.calendar.stretch, max_offset_kt=caps["max_offset_kt"] * size / kit.calendar.stretch)
    _put(kit, "carbon_caps", scaled, (), "kt", "max_offset_kt", "offset_usd_per_t")
    techs = {*kit.here("ppas")["tech"], *kit.here("generators")["tech"], "grid"}
    limits = kit.base["mix_limits"]
    _put(kit, "mix_limits", limits[limits["tech"].isin(list(techs))], ("tech",), "min_share", "max_share")


def grouped(rows: pd.DataFrame, key: tuple[str, ...]) -> list[tuple[tuple[str, ...], pd.DataFrame]]:
    """Return the rows by the values of some columns; all of them where there is no column."""
    if not key:
        return [((), rows)] if len(rows) else []
    return [(at if isinstance(at, tuple) else (at,), group) for at, group in rows.groupby(list(key), sort=False)]


def _mw(grid: pd.DataFrame) -> float:
    return float(grid["mw"].sum())


def _put(kit: Kit, name: str, rows: pd.DataFrame, key: tuple[str, ...], *columns: str) -> None:
    """Interpolate columns of a table between its periods, for every key; beside a period without a row there is none."""
    parts = []
    for at, group in grouped(rows, key):
        ids = dict(zip(key, at, strict=True))
        filled = group.set_index("period")[[*columns]].reindex(range(kit.base.n_periods))
        there = kit.calendar.series(np.where(filled.index.isin(group["period"]), 0.0, np.nan)[None, :])[0] == 0
        values = dict(zip(columns, kit.calendar.series(filled.to_numpy(float).T), strict=True))
        parts.append(pd.DataFrame({**ids, "period": np.arange(kit.calendar.after), **values})[there])
    if parts:
        kit.put(name, pd.concat(parts, ignore_index=True), "interpolated between the base's periods")
