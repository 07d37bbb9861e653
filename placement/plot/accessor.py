"""``plan.plot``: one method per figure. Loads matplotlib only when a figure is asked for."""

from __future__ import annotations

from typing import Any

from placement.errors import OptionError
from placement.plan.plan import Plan
from placement.report.facts import Facts


class PlanPlots:
    """Figures of a plan, as ``plan.plot``; see the methods.

    Each method returns a ``matplotlib.figure.Figure`` that belongs to no global state: show it by naming it in a notebook, or save it with
    ``figure.savefig("map.png")``. With ``ax`` it draws into axes of yours instead and returns their figure. Colours are those of Okabe and Ito.

    Every method raises ``OptionError`` where matplotlib is not installed (``pip install 'placement[plot]'``), where there is no plan, and where the case
    has not got what the figure shows.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def power(self, site: str | None = None, *, block: str | None = None, ax: Any = None) -> Any:
        """Draw power by source and period as stacked bars against the line of what is available, MW at the meter.

        Parameters
        ----------
        site
            Id of a site; default: the sum of all.
        block
            Name of a block of hours; default: in each period the one in which the load is the largest share of what is available.
            Interruptible grid tiers count nothing in the stress block.
        """
        facts = self._facts("power")
        from placement.plot.power import power

        return power(facts, site, block, ax)

    def progress(self, *, ax: Any = None) -> Any:
        """Draw the objective of the best plan and the bound over the seconds of the search, both in the case's unit of cost.

        Works without a plan, too, where a bound was found.
        """
        need_matplotlib()
        from placement.plot.progress import progress

        return progress(self._plan, ax)

    def _facts(self, what: str) -> Facts:
        """Return the facts of the plan, if a figure can be drawn from them."""
        need_matplotlib()
        plan = self._plan
        if not plan.tables:
            raise OptionError(f"{plan.case.name} has no plan to plot: its status is {plan.status}")
        if "pairs" in plan.case:
            raise OptionError(f"{plan.case.name}: no figure '{what}', as a case with pairs has no dates, places and power; plot.progress() is there")
        return Facts.of(plan.case, plan.tables)

    def __repr__(self) -> str:
        names = ", ".join(name for name in dir(type(self)) if not name.startswith("_"))
        return f"<plots of {self._plan!r}: {names}>"


def need_matplotlib() -> None:
    """Say how to get matplotlib where it is missing.

    Raises
    ------
    OptionError
        If it is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise OptionError("plots need the package matplotlib; pip install 'placement[plot]'") from error
