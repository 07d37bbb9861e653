"""Tables of money."""

from __future__ import annotations

from placement.case.columns import Table, num, period

TABLES = (
    Table(
        name="budget",
        layer="capital",
        key=("period",),
        meaning="Limit on capital spending; a missing period is not limited.",
        columns=(
            period("period", "period", within=True),
            num("capex_musd", "M$", "most capex paid in the period", None),
        ),
    ),
)
