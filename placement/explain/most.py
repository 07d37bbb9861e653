"""The most of a service that a site could ever serve, by period: who is within reach, and what accelerators can be there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from placement.explain.base import Base


@dataclass(frozen=True, slots=True)
class Most:
    """Upper limits of the share of a service's demand in a period that one site can serve, whatever else the plan does.

    Attributes
    ----------
    reach
        What the metros that may be served from there ask for.
    chips
        What the most accelerators that can ever be in service there could serve.
    units
        Those accelerators by SKU.
    """

    period: str
    reach: float
    chips: float
    units: dict[str, float]

    @property
    def share(self) -> float:
        """The lower of the two."""
        return min(self.reach, self.chips)

    def told(self) -> str:
        """Return the limit in words.

        Examples
        --------
        >>> Most("2027Q1", 0.5, 0.02, {"b200": 1200.0}).told()
        'in 2027Q1 at most 1,200 b200 can be in service there, enough for 2.00% of the demand'
        """
        if self.reach <= self.chips:
            return f"in {self.period} the metros that may be served from there ask for {self.reach:.2%} of the demand"
        there = " and ".join(f"{n:,.0f} {sku}" for sku, n in self.units.items())
        return f"in {self.period} at most {there} can be in service there, enough for {self.chips:.2%} of the demand"


def most_served(base: Base, site: str, here: pd.DataFrame) -> Iterator[Most]:
    """Yield the limits of every period in which a service may be served at a site; ``here``: the ways of :class:`placement.explain.ways.Ways` there."""
    scope, periods = base.sides.scope, list(base.case.periods)
    domains = scope.domain_site == scope.sites.get_loc(site)
    for period, rows in here.groupby("period", sort=False):
        t = periods.index(str(period))
        units = {str(k): float(scope.units[domains, scope.skus.get_loc(k), t].sum()) for k in rows["sku"].unique()}
        each = (rows["weight"] / rows["units"]).groupby(rows["sku"]).max()  # share that one accelerator serves
        chips = sum(n * float(each[k]) for k, n in units.items())
        yield Most(str(period), float(rows.drop_duplicates("metro")["weight"].sum()), chips, {k: n for k, n in units.items() if n > 0})
