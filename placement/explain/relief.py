"""Which missing layer limits the whole: each layer relaxed by a standard step, and the plan made anew."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from placement.case import Case
from placement.case.findings import did_you_mean
from placement.errors import OptionError
from placement.explain.again import Again, Effort, begun, solve_all
from placement.explain.base import Base
from placement.explain.layers import Layer, layers_of
from placement.plan.plan import Plan
from placement.plan.run_folder import RELIEF

BY_SITE = 3  # layers that are looked at by site
_NIL = 1e-9  # of the cost: rounding

Question = tuple[Layer, Layer | None, str]  # a layer, one more that is relaxed with it, a site ("" for all)


def bottlenecks(
    plan: Plan, layers: Sequence[str] | None = None, *, by_site: bool = False, together: bool = False, effort: Effort | None = None
) -> pd.DataFrame:
    """Return what a standard step of relief in each layer is worth, the most valuable first.

    Parameters
    ----------
    layers
        Names of layers (see :func:`placement.explain.layers.layers_of`); default: all that the case has.
    by_site
        Also relax the three most valuable layers of sites at one site after another.
    together
        Also relax the most valuable layer with each of the others.
    effort
        Seconds and gap per question, and processes; default: :class:`Effort`.

    Returns
    -------
    DataFrame
        ``value_musd``: cost of the plan less cost of the plan with relief, found from it in the same time as one without relief (pairs begin from the plan
        with the first relief, so that what is left between the bounds may show as a complement), discounted M$. It lies
        between ``at_least_musd`` and ``at_most_musd`` for certain, by the bounds of both. ``complement_musd``: what two layers bring beyond the sum of each.

    Raises
    ------
    OptionError
        If a layer is not one of the case's, or there is no plan.
    """
    effort, begin = effort or Effort(), Base.of(plan).carried
    known = {layer.name: layer for layer in layers_of(plan.case)}
    chosen = _chosen(known, layers)
    first = solve_all([plan.case, *(layer.edit(plan.case, None) for layer in chosen)], begin, effort)
    table = _Table(plan, first[0].objective)
    table.add([(layer, None, "") for layer in chosen], first[1:])
    top = [known[name] for name in table.worth()]
    if by_site:
        sites = plan.case["sites"]["site"].tolist()
        single: list[Question] = [
            (layer, None, s) for layer in [one for one in top if one.by_site][:BY_SITE] for s in sites if layer.edit(plan.case, s) is not plan.case
        ]
        table.add(single, solve_all([_relaxed(plan.case, *question) for question in single], begin, effort))
    if together and top:
        pairs: list[Question] = [(top[0], other, "") for other in chosen if other is not top[0]]
        one = begun(top[0].edit(plan.case, None), first[1 + chosen.index(top[0])])
        table.add(pairs, solve_all([_relaxed(plan.case, *question) for question in pairs], one, effort))
    return table.frame()


def _chosen(known: dict[str, Layer], names: Sequence[str] | None) -> list[Layer]:
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise OptionError(f"this case has no layer '{unknown[0]}'. {did_you_mean(unknown[0], known)} It has {', '.join(known)}")
    return [known[name] for name in names] if names is not None else list(known.values())


def _relaxed(case: Case, layer: Layer, other: Layer | None, site: str) -> Case:
    relaxed = layer.edit(case, site or None)
    return relaxed if other is None else other.edit(relaxed, None)


class _Table:
    """The answers so far; ``usual`` is what the case itself reaches in the time of a question."""

    def __init__(self, plan: Plan, usual: float) -> None:
        self.usual, self.bound = min(usual, plan.objective), max(plan.bound, plan.verified_bound)
        self.rows: list[dict[str, object]] = []
        self.alone: dict[str, float] = {}  # layer -> what its relief alone is worth

    def add(self, asked: Sequence[Question], found: Sequence[Again]) -> None:
        """Add a line for each question. What is relaxed holds every plan of the case, so relief is never worth less than nothing."""
        for (layer, other, site), again in zip(asked, found, strict=True):
            parts = [self.alone[layer.name], self.alone[other.name]] if other else []
            objective = min([again.objective, *(self.usual - v for v in parts)])  # a plan with one relief is one with both
            value = self.usual - objective
            value = value if value > _NIL * abs(self.usual) else 0.0
            if not site and other is None:
                self.alone[layer.name] = value
            self.rows.append({
                "layer": layer.name, "with_layer": other.name if other else "", "site": site,
                "step": layer.step if other is None else f"{layer.step}; {other.step}",
                "value_musd": value, "at_least_musd": max(0.0, self.bound - objective), "at_most_musd": max(0.0, self.usual - again.bound),
                "complement_musd": value - sum(parts) if other else math.nan,
            })  # fmt: skip

    def worth(self) -> list[str]:
        """Return the layers whose relief is worth something, the most valuable first."""
        return sorted((name for name, value in self.alone.items() if value > 0), key=lambda name: -self.alone[name])

    def frame(self) -> pd.DataFrame:
        """Return the table: layers, then layers by site, then pairs; the most valuable first."""
        table = pd.DataFrame(self.rows, columns=list(RELIEF))
        kind = (table["with_layer"] != "").astype(int) * 2 + (table["site"] != "").astype(int)
        return table.assign(kind=kind).sort_values(["kind", "value_musd"], ascending=[True, False], kind="stable", ignore_index=True).drop(columns="kind")
