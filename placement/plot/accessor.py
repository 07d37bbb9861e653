"""``plan.plot``: one method per figure. Loads matplotlib only when a figure is asked for."""

from __future__ import annotations

from typing import Any

from placement.errors import OptionError
from placement.plan.plan import Plan
from placement.report.facts import Facts


class PlanPlots:
    """Figures of a plan, as ``plan.plot``; see the methods.

    Each method returns a ``matplotlib.figure.Figure`` that belongs to no global state: show it by naming it in a notebook, or save it with
    ``figure.savefig("map.png")``. With ``ax`` it draws into axes of yours instead and returns their figure. Colours are those of the report.

    Every method raises ``OptionError`` where matplotlib is not installed (``pip install 'placement[plot]'``), where there is no plan, and where the case
    has not got what the figure shows.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def __call__(self) -> Any:
        """Draw the plan at a glance: the map, and below it power, accelerators, demand and cash, as far as the case has them."""
        facts = self._facts("overview")
        from placement.plot.overview import overview

        return overview(facts)

    def cash(self, *, ax: Any = None) -> Any:
        """Draw money by term and period, M$ undiscounted, as stacked bars, income up and costs down, with its running sum.

        The last bar is the end of the horizon: the residual value. Penalties for unserved demand (``unmet``) are shown, but not part of the running sum.
        """
        facts = self._facts("cash")
        from placement.plot.money import cash

        return cash(facts, ax)

    def chips(self, sku: str | None = None, *, ax: Any = None) -> Any:
        """Draw accelerators in halls by period as stacked bars: training, serving inference, idle.

        Parameters
        ----------
        sku
            Id of one kind of accelerator; default: the sum of all.
        """
        facts = self._facts("chips")
        from placement.plot.chips import chips

        return chips(facts, sku, ax)

    def gantt(self, site: str | None = None, *, ax: Any = None) -> Any:
        """Draw milestones, halls and training jobs over the periods, site by site.

        Parameters
        ----------
        site
            Id of a site; default: all with something to show. More than 220 lines do not fit one figure.
        """
        facts = self._facts("gantt")
        from placement.plot.gantt import gantt

        return gantt(facts, site, ax)

    def latency(self, *, ax: Any = None) -> Any:
        """Draw the network round-trip time of each service against its limit, ms: median, 95th and 99th percentile, weighted by tokens.

        The limit is that of the service; promises to single metros (``service_metros``) may be tighter.
        """
        facts = self._facts("latency")
        from placement.plot.service import latency

        return latency(facts, ax)

    def map(self, period: str | int | None = None, *, ax: Any = None) -> Any:
        """Draw sites by IT capacity (area, MW) and kind, metros, fibre with its traffic (Gbit/s) and the largest flows of inference (Mtok/day).

        Colours, forms and ways are those of the report's map. A plan keeps account of the traffic of links with a limited capacity only (``gbps``); all
        others are thin lines. Fibre lies between the places nearest to its ends, as junctions have no coordinates in a case. The land is Natural Earth's;
        the map is cut where it is emptiest, so that it may run over the date line, and where a line is cut the place that it leads to is named.

        Parameters
        ----------
        period
            Label or index of a period; default: the last one.
        """
        facts = self._facts("map")
        from placement.plot.maps import world

        return world(facts, period, ax)

    def power(self, site: str | None = None, *, block: str | None = None, ax: Any = None) -> Any:
        """Draw power by supplier and period as stacked bars against the line of what is available, MW at the meter.

        What storage gives back is a supplier; what charges it, or is sold, lies below zero: the bars above it less those below are the load.

        Parameters
        ----------
        site
            Id of a site; default: the sum of all.
        block
            Name of a block of hours; default: in each period the one in which supply is the largest share of what is available.
            Interruptible grid tiers count nothing in the stress block.
        """
        facts = self._facts("power")
        from placement.plot.power import power

        return power(facts, site, block, ax)

    def progress(self, *, ax: Any = None) -> Any:
        """Draw the best plan and the bound over the seconds of the search, both in the case's unit of cost: the objective, or the value, which is its negative.

        Works without a plan, too, where a bound was found.
        """
        need_matplotlib()
        from placement.plot.progress import progress

        return progress(self._plan, ax)

    def serving(self, service: str | None = None, *, ax: Any = None) -> Any:
        """Draw demand by period as stacked bars, Mtok/day: what is served and what is not.

        Parameters
        ----------
        service
            Id of a service; default: the sum of all.
        """
        facts = self._facts("serving")
        from placement.plot.service import serving

        return serving(facts, service, ax)

    def utilisation(self, of: str = "accelerators", *, ax: Any = None) -> Any:
        """Draw how much is in use, by site and period, as a heat map in per cent.

        Parameters
        ----------
        of
            ``"accelerators"``: those that train or serve of all in halls, weighted by their power; ``"power"``: load of what is available, in the tightest
            block of hours.
        """
        facts = self._facts("utilisation")
        from placement.plot.chips import utilisation

        return utilisation(facts, of, ax)

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
