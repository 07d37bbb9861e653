"""Prices of limits that the program states as the bound of a decision or behind a switch, such as ``offers.max_units``.

One limit may stand in several bounds and rows (the capacity of a generator in every period, and its output in every block); its price is
the sum over all of them: minus each dual or reduced cost, times what the bound or the row gains by one more unit of the limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from placement.case import Case
from placement.program import Floats, Key, Program

_NOISE = 1e-7  # of a column's own cost scale: the solver's tolerance
Part = tuple[Key, float] | None  # limit and what one more unit of it adds to the bound; None: the bound is another's


class Limits:
    """The planner's own limits, by id."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def _column(self, table: str, key: str, value: str) -> dict[str, float]:
        return dict(zip(self._case[table][key], self._case[table][value], strict=True))

    @cached_property
    def units(self) -> dict[str, float]:
        """Offer -> most units."""
        return self._column("offers", "offer", "max_units")

    @cached_property
    def sku(self) -> dict[str, str]:
        """Offer -> SKU."""
        return dict(zip(self._case["offers"]["offer"], self._case["offers"]["sku"], strict=True))

    @cached_property
    def last_tier(self) -> dict[str, tuple[int, float]]:
        """Offer with prices by quantity -> number of its last tier and where it begins, units."""
        begins = self._case["price_tiers"].groupby("offer")["from_units"].agg(["size", "max"])
        return {str(q): (int(n), float(begin)) for q, n, begin in begins.itertuples()}

    @cached_property
    def market(self) -> dict[tuple[str, int], float]:
        """SKU and period -> most units sold on."""
        rows = self._case["resale"]
        return dict(zip(zip(rows["sku"], rows["period"], strict=True), rows["max_units"], strict=True))

    @cached_property
    def mw(self) -> dict[str, dict[str, float]]:
        """Kind of price -> plant or contract -> most MW."""
        tables = {"generator_most": ("generators", "generator"), "storage_max": ("storage", "storage"), "ppa_max": ("ppas", "ppa")}
        return {kind: self._column(table, key, "max_mw") for kind, (table, key) in tables.items()}

    @cached_property
    def grid_mw(self) -> dict[str, float]:
        """Site -> MW of all its tiers."""
        sums = self._case["grid"].groupby("site")["mw"].sum()
        return {str(s): float(mw) for s, mw in sums.items()}


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-9 * max(1.0, abs(b))


def _offer(of: Limits, ids: Key, upper: float) -> Part:
    return (("order_max", ids[0]), 1.0) if _same(upper, of.units[ids[0]]) else None


def _tier(of: Limits, ids: Key, upper: float) -> Part:
    last, begin = of.last_tier[ids[0]]
    return (("order_max", ids[0]), 1.0) if ids[1] == last and _same(upper, of.units[ids[0]] - begin) else None


def _rented(of: Limits, ids: Key, upper: float) -> Part:
    return (("rent_max", ids[0], ids[2]), 1.0) if _same(upper, of.units[ids[0]]) else None  # else the halls hold no more


def _sold(of: Limits, ids: Key, upper: float) -> Part:
    market = (of.sku[ids[0]], ids[1])
    return (("resale_max", *market), 1.0) if _same(upper, of.market[market]) else _offer(of, ids, upper)


def _plant(kind: str) -> Callable[[Limits, Key, float], Part]:
    return lambda of, ids, upper: ((kind, ids[0]), upper / of.mw[kind][ids[0]])


def _own(kind: str) -> Callable[[Limits, Key, float], Part]:
    return lambda of, ids, upper: ((kind, *ids), 1.0)


def _connection(of: Limits, ids: Key, upper: float) -> Part:
    return (("grid_limit", *ids), 1.0) if _same(upper, of.grid_mw[ids[0]]) else None


#: Decision -> limit of its upper bound.
_COLUMNS: dict[str, Callable[[Limits, Key, float], Part]] = {
    "order": _offer, "tier_units": _tier, "leased": _offer, "rented": _rented, "sold": _sold,
    "generator_cap": _plant("generator_most"), "generator_mw": _plant("generator_most"), "export_mw": _plant("generator_most"),
    "storage_cap": _plant("storage_max"), "storage_charge": _plant("storage_max"), "storage_discharge": _plant("storage_max"),
    "contract_mw": _plant("ppa_max"), "ppa_mw": _plant("ppa_max"), "paid_mwh": _plant("ppa_max"), "grid_mw": _connection,
    "curtail_mw": _own("curtail_max"), "offset_kt": _own("offset_max"), "debt": _own("debt_max"), "drawn": _own("tranche_drawn"),
    "community_extra_mw": _own("community_extra_mw"), "community_extra_ml": _own("community_extra_ml"),
}  # fmt: skip


def _switched(rule: Callable[[Limits, Key, float], Part]) -> Callable[[Limits, Key, float, float], Part]:
    # `decision <= limit * switch`: the room that the switch leaves grows by its value, 0 or 1, and by a share of it where the row has one
    def part(of: Limits, ids: Key, room: float, size: float) -> Part:
        found = rule(of, ids, size)
        return None if found is None else (found[0], found[1] * room / size)

    return part


def _units(of: Limits, ids: Key, room: float, size: float) -> Part:
    limit = of.units[ids[0]]
    return (("order_max", ids[0]), room / limit) if limit > 0 else None


#: Row with a switch -> limit behind it.
_ROWS: dict[str, Callable[[Limits, Key, float, float], Part]] = {
    "order_max": _units, "take_or_pay_max": _units, "take_or_pay_min": _units, "tier_max": _switched(_tier),
    "generator_most": _switched(_plant("generator_most")), "ppa_max": _switched(_plant("ppa_max")), "curtail_tier": _switched(_own("curtail_max")),
}  # fmt: skip
#: Row that lets a decision come in whole packs -> the decision.
_PACKS = {"whole_packs": "order", "whole_packs_rented": "rented", "generator_modules": "generator_cap"}
SWITCHED = frozenset(_ROWS) | frozenset(_PACKS)


def bound_prices(case: Case, program: Program, dual: Floats, x: Floats, keys: Sequence[Key]) -> dict[Key, float]:
    """Return limit -> what one more unit of it is worth, as far as bounds, switches and whole packs hold it.

    Parameters
    ----------
    dual, x
        Row duals and the plan's point, shapes (n_rows,) and (n_columns,).
    keys
        Family and ids of the supply columns.
    """
    found: dict[Key, float] = defaultdict(float)
    of, n = Limits(case), len(keys)
    matrix, cost = program.matrix[:, :n], program.cost[:n]
    reduced = cost - matrix.T @ dual
    scale = np.abs(cost) + abs(matrix).T @ np.abs(dual)
    held = ~program.integer[:n] & (reduced < -_NOISE * np.maximum(scale, 1e-6)) & (program.upper[:n] > 0)
    for j in map(int, np.flatnonzero(held)):
        family, *ids = keys[j]
        part = _COLUMNS[family](of, tuple(ids), float(program.upper[j])) if family in _COLUMNS else None
        if part is not None:
            found[part[0]] -= float(reduced[j]) * part[1]
    for i in map(int, np.flatnonzero(dual)):
        family, *ids = program.row_keys[i]
        if family in SWITCHED:
            _row(of, program, i, (str(family), tuple(ids)), float(dual[i]), x, found)
    return found


def _row(of: Limits, program: Program, i: int, key: tuple[str, Key], dual: float, x: Floats, found: dict[Key, float]) -> None:
    """Add what a row says: behind a switch, or of whole packs of which there are no more."""
    family, ids = key
    span = slice(program.rows.indptr[i], program.rows.indptr[i + 1])
    columns, a = program.rows.indices[span], program.rows.data[span]
    whole = program.integer[columns]
    side = program.row_upper[i] if np.isfinite(program.row_upper[i]) else program.row_lower[i]
    if family in _PACKS:
        full = bool((np.round(x[columns[whole]]) >= program.upper[columns[whole]]).all())
        j = int(columns[~whole][0])
        part = _COLUMNS[_PACKS[family]](of, ids, float(program.upper[j])) if full else None
        gain = float(a[~whole][0])  # the decision itself gains what its packs would
    else:
        room = float(side - a[whole] @ np.round(x[columns[whole]]))
        size = float(np.abs(a[whole]).max()) if whole.any() else abs(float(side))
        part, gain = (_ROWS[family](of, ids, room, size) if size > 0 else None), 1.0
    if part is not None:
        found[part[0]] -= dual * gain * part[1]
