"""Text of ``SOURCES.md``."""

from __future__ import annotations

import pandas as pd

from derivation.facts import Facts
from derivation.spec import Spec


def sources_text(facts: Facts, spec: Spec, tables: dict[str, pd.DataFrame]) -> str:
    """Return the source, licence and assumptions of every table of the case."""
    return f"# Sources of `{spec.name}`\n"
