# rows of figures are read across
"""Further layers of a full case: columns and tables on top of what the facts give, each marked as a scenario or with its source.

Every module has ``extend(tables, spec)``, which changes the tables in place, ``ENTRIES`` (source, licence and text of each table that it adds)
and ``NOTES`` (text that it adds to a table that was there).
"""

from __future__ import annotations

import pandas as pd

from derivation.layers import chips, inference, money, power, sites, training
from derivation.spec import Spec

Tables = dict[str, pd.DataFrame]
MODULES = (sites, power, chips, training, inference, money)


def extend(tables: Tables, spec: Spec) -> Tables:
    """Return the tables with every further layer."""
    for module in MODULES:
        module.extend(tables, spec)
    return {name: table for name, table in tables.items() if len(table)}


def entries() -> dict[str, tuple[str, str, str]]:
    """Return source, licence and text of every added table."""
    return {name: entry for module in MODULES for name, entry in module.ENTRIES.items()}


def notes(table: str) -> str:
    """Return what the layers add to a table that was there."""
    return " ".join(module.NOTES[table] for module in MODULES if table in module.NOTES)


def settings() -> list[str]:
    """Return further lines of ``case.toml``."""
    return [line for module in MODULES for line in getattr(module, "SETTINGS", ())]
