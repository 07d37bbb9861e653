"""Tables of money."""

from __future__ import annotations

from placement.case.columns import NAN, Table, ident, num, period

TABLES = (
    Table(
        name="budget",
        layer="capital",
        key=("period",),
        meaning="Limits on spending; a missing period is not limited.",
        columns=(
            period("period", "period", within=True),
            num("capex_musd", "M$", "most capex paid in the period from own funds; blank: not limited", NAN),
            num("debt_musd", "M$", "debt headroom: most debt that may be drawn in the period on top, at `debt_rate` of case.toml", 0.0),
            num("lease_musd", "M$", "most rent paid in the period (leased chips, waves and land: off the balance sheet); blank: not limited", NAN),
        ),
    ),
    Table(
        name="tranches",
        layer="capital",
        key=("tranche",),
        needs=("budget", "halls"),
        meaning="Further funds that are released by progress: once enough IT power is in service. What is not drawn at once may be drawn later.",
        columns=(
            ident("tranche", "tranche id"),
            num("amount_musd", "M$", "funds of the tranche", None, 1e-6),
            num("needs_it_mw", "MW", "IT power of all halls in service that releases it", 0.0, 0.0, 1e6),
            period("available", "first period in which it can be released", "start"),
        ),
    ),
)
