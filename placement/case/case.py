"""A case in memory: typed tables plus the few numbers of ``case.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import placement
from placement.case.schema import NAN, TABLES, Column
from placement.units import HOURS_PER_MONTH, period_label


@dataclass(frozen=True, slots=True)
class Block:
    """A group of hours of a period that are alike; the stress block holds the hardest hours."""

    name: str
    share: float  # of the hours of a period
    stress: bool = False


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective of several that are minimised in turn; later ones may give up only the slack of it.

    Attributes
    ----------
    weights
        Weight of each cost term, and of ``emissions_kt`` (carbon of all energy, undiscounted); empty: the case's own objective.
    slack
        What later stages may give up, as a share of its value.
    """

    name: str
    weights: Mapping[str, float] = field(default_factory=dict)
    slack: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything that a plan depends on. Read one with :func:`placement.read_case`.

    ``case["grid"]`` is the typed table (empty, with all columns, where the layer is absent) and
    ``"grid" in case`` tells whether the layer is there. Period columns hold indices (0 = first period;
    an index of ``n_periods`` or more lies behind the horizon); blank cells hold the schema's blank value.
    """

    name: str
    title: str = ""
    model: str = "placement"
    start: int = 0  # running number of the first period, see units.period_number
    n_periods: int
    period_months: int = 3
    discount_rate: float = 0.0  # per year
    blocks: tuple[Block, ...] = (Block("all", 1.0, True),)
    weights: Mapping[str, float] = field(default_factory=dict)  # objective weights that replace the card's
    objectives: tuple[Objective, ...] = ()  # objectives in turn, one of them the case's own; empty: that one alone
    carbon_price_usd_per_t: float = 0.0
    debt_rate: float = 0.0  # per year
    budget_carries: bool = False
    rtt_overhead_ms: float = 8.0  # see fibre.delay
    lead_percentile: int = 50
    open_sites: int = 0  # exactly so many sites of `siting` are opened; 0: as many as pay
    cost_unit: str = "M$"  # of the columns named musd in a case with `pairs`
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    path: Path | None = None
    overlay: Path | None = None  # scenario folder that was applied on top of `path`
    sha256: str = ""  # of the effective input, overlays included
    origin: Mapping[str, Any] = field(default_factory=dict)  # of a published instance: format, file and options, to read it again
    notes: tuple[str, ...] = ()  # what a published file holds that the model does not take; what is odd about the case

    def __contains__(self, table: str) -> bool:
        return table in self.tables

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table] if table in self.tables else empty_table(table)

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """The labels of the periods."""
        return tuple(period_label(self.start + t, self.period_months) for t in range(self.n_periods))

    def year(self, t: int) -> int:
        """Return the calendar year in which a period begins."""
        return (self.start + t) * self.period_months // 12

    @cached_property
    def hours(self) -> NDArray[np.float64]:
        """Hours per period and block, shape (n_blocks,)."""
        return np.array([b.share for b in self.blocks]) * self.period_months * HOURS_PER_MONTH

    @cached_property
    def discount(self) -> NDArray[np.float64]:
        """Discount factor at the start of each period and at the end of the horizon, shape (n_periods + 1,)."""
        years = np.arange(self.n_periods + 1) * self.period_months / 12
        return (1.0 + self.discount_rate) ** -years

    @cached_property
    def stress(self) -> int:
        """Index of the stress block."""
        return next(i for i, b in enumerate(self.blocks) if b.stress)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(df)} {name}" for name, df in self.tables.items())
        return f"Case({self.name!r}, {self.periods[0]}..{self.periods[-1]}, {sizes})"

    def _repr_html_(self) -> str:
        return placement.case_html(self)


def expect_case(case: object) -> None:
    """Refuse what is no case.

    Raises
    ------
    TypeError
        With the way to a case.
    """
    if not isinstance(case, Case):
        given = f"'{case}'" if isinstance(case, (str, Path)) else f"a {type(case).__name__}"
        raise TypeError(f"case must be a Case, not {given}; read one with placement.read_case(folder) or placement.read_instance(file, format)")


def dtype_of(column: Column) -> str:
    """Return the pandas dtype in which a column is held."""
    return {"float": "float64", "int": "int64", "bool": "bool", "period": "int64"}.get(column.kind, "object")


def empty_table(name: str) -> pd.DataFrame:
    """Return a table without rows but with every column, typed."""
    return _template(name).copy(deep=False)  # 200 times faster than making it, and asked for hundreds of times where a case is small; no cell is shared


@cache
def _template(name: str) -> pd.DataFrame:
    return pd.DataFrame({c.name: pd.Series([], dtype=dtype_of(c)) for c in TABLES[name]})


def frame(name: str, rows: list[dict[str, object]], n_periods: int) -> pd.DataFrame:
    """Return a typed table from records in memory; blanks are filled as the schema says, nothing is checked.

    For tests and for code that makes cases. Period cells are indices here, not labels.
    """
    table = TABLES[name]
    columns = {}
    for c in table:
        blank = c.blank_value(n_periods)
        missing = ("" if c.waived and dtype_of(c) == "object" else NAN) if blank is None else blank
        columns[c.name] = pd.Series([row.get(c.name, missing) for row in rows], dtype=dtype_of(c))
    return pd.DataFrame(columns)
