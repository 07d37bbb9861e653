"""The plan at a glance: what fits one page of the figures that a case has something for."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placement.errors import OptionError
from placement.plot.canvas import PlanFigure, safe
from placement.plot.chips import chips
from placement.plot.maps import world
from placement.plot.money import cash
from placement.plot.power import power
from placement.plot.service import serving
from placement.report.facts import Facts

#: In reading order; the first stands across the page.
PARTS: tuple[Callable[[Facts, Axes], Figure], ...] = (
    lambda facts, ax: world(facts, ax=ax),
    lambda facts, ax: power(facts, ax=ax),
    lambda facts, ax: chips(facts, ax=ax),
    lambda facts, ax: serving(facts, ax=ax),
    lambda facts, ax: cash(facts, ax=ax),
)


def overview(facts: Facts) -> Figure:
    """Draw the parts that the case has something for; see :meth:`placement.PlanPlots.__call__`."""
    drawn = [part for part in PARTS if _draws(part, facts)]
    if not drawn:
        raise OptionError(f"{facts.case.name}: nothing to draw, the plan has no map, power, accelerators, services and money")
    across = drawn[0] is PARTS[0]
    small = drawn[1:] if across else drawn
    lines = (len(small) + 1) // 2
    heights = [8.0] * across + [4.2] * lines  # inches: each part is as large as it is alone
    figure = PlanFigure(figsize=(17, sum(heights)), dpi=72, layout="constrained")
    grid = figure.add_gridspec(across + lines, 2, height_ratios=heights)
    if across:
        drawn[0](facts, figure.add_subplot(grid[0, :]))
    for i, part in enumerate(small):
        part(facts, figure.add_subplot(grid[across + i // 2, i % 2]))
    figure.suptitle(safe(f"{facts.case.name}: {facts.case.title}" if facts.case.title else facts.case.name, 110), x=0.01, ha="left", fontsize=16)
    return figure


def _draws(part: Callable[[Facts, Axes], Figure], facts: Facts) -> bool:
    """Whether a part has something to draw: tried on a sheet that is thrown away, as each part itself knows best."""
    try:
        part(facts, Figure().add_subplot())
    except OptionError:
        return False
    return True
