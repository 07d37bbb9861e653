"""The one description of every input table: reading, validation and ``data/README.md`` all come from it.

Adding a column is one line in ``placement/case/tables/``; a column that no block uses does not belong there.
"""

from __future__ import annotations

from placement.case.columns import DOCUMENTATION, NAN, Column, Table
from placement.case.tables import capital, chips, deployment, fibre, inference, pairs, permits, power, releases, rules, sites, training, upstream

__all__ = ["DOCUMENTATION", "NAN", "TABLES", "Column", "Table"]

_LAYERS = (sites, permits, power, chips, upstream, deployment, rules, training, releases, inference, fibre, capital, pairs)

#: Every table by name, in the order of the documentation.
TABLES: dict[str, Table] = {t.name: t for layer in _LAYERS for t in layer.TABLES}
