"""Tables of chips that wait in stock, and of chips that move."""

from __future__ import annotations

from placement.case.columns import NAN, Table, num, ref

TABLES = (
    Table(
        name="inventory",
        layer="chips",
        key=("sku",),
        needs=("skus", "offers"),
        meaning="Chips that have arrived and are not deployed: what it costs to hold them, and how many there may be. A SKU without a row waits at no cost.",
        columns=(
            ref("sku", "skus", "SKU"),
            num("holding_usd_per_unit_month", "$/month", "store, insurance and capital for a unit in stock", 0.0, 0, 1e5),
            num("max_units", "accelerators", "most units in stock in a period; blank: no such limit", NAN, 0, 1e8),
        ),
    ),
    Table(
        name="relocation",
        layer="chips",
        key=("sku",),
        needs=("skus", "offers"),
        meaning="Chips that may be moved to another fabric domain: taken out at the start of a period, out of service in it, in stock from the next on. "
        "A SKU without a row stays where it was put; so do installed units.",
        columns=(
            ref("sku", "skus", "SKU"),
            num("usd_per_unit", "$", "taking out, transport and setting up again, per unit", None, 0, 1e6),
        ),
    ),
)
