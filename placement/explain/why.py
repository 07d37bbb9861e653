"""Why not there, and why here: the rule that excludes a workload from a site, or what makes it lose, and what forcing it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from placement.certificate import Proof
from placement.errors import OptionError
from placement.explain.again import Again, Effort, solve_edited
from placement.explain.base import Base
from placement.explain.difference import EXACT, Difference, better, difference
from placement.explain.edits import Demand, demanding, without
from placement.explain.excluded import excluded
from placement.explain.most import most_served
from placement.explain.moved import by_term, moved
from placement.explain.reduced import decomposed, reduced_costs
from placement.explain.ways import Ways, known, ways
from placement.parallel import Pool
from placement.plan.plan import Plan
from placement.program import Floats, Program

SHARE = 0.1  # of a service's demand, by default
COSTS = ("cost_musd", "cost_low_musd", "cost_high_musd", "verified_low_musd", "verified_high_musd")
SITES = ("site", "answer", "taken_share", *COSTS, "rule", "says", "source")
NOWHERE = "(nowhere)"  # row of the table of sites: the workload is left out
_EVEN = 5e-4  # M$: nothing, as it is printed
_SLACK = 1e-6  # of a share: what counts as already done


@dataclass(frozen=True, eq=False)
class WhyNot:
    """The answer to "why not?" or "why here?".

    Attributes
    ----------
    answer
        In one or a few sentences.
    sites
        One row per site asked about: ``answer`` ("placed", "excluded", "costs more", "impossible", "not decided"), the share that the plan has there, what
        forcing it costs, M$, with the interval by the solver's bounds and by those verified without it, and the rule that excludes it.
    exclusions
        Every option that a rule excludes; see :func:`placement.explain.excluded.excluded`.
    prices
        The best way there that the plan does not use, at the plan's prices; see :func:`placement.explain.reduced.decomposed`. Prices are of one more unit:
        they say why a way loses, the cost of forcing it says by how much. None where no plan has it; where the plan has it, the way that it uses most.
    moved
        Which jobs go elsewhere, and which services by how much, where it is forced, against the plan; see :func:`placement.explain.moved.moved`.
    terms
        Cost of the plan and of the forced one by term, M$.
    cost
        Of forcing it; ``None`` if a rule excludes it, or several sites were asked about.
    """

    workload: str
    site: str
    answer: str
    sites: pd.DataFrame
    exclusions: pd.DataFrame
    prices: pd.DataFrame = field(default_factory=pd.DataFrame)
    moved: pd.DataFrame = field(default_factory=pd.DataFrame)
    terms: pd.DataFrame = field(default_factory=pd.DataFrame)
    cost: Difference | None = None

    def __str__(self) -> str:
        return self.answer


def why_not(
    plan: Plan, workload: str, site: str | None = None, effort: Effort = EXACT, *, share: float = SHARE, periods: Sequence[str] | None = None
) -> WhyNot:
    """Say why a plan does not run a workload at a site, or at any.

    Parameters
    ----------
    workload, site
        A job, or a service of which a share is to be served there; without ``site`` every site is asked about.
    effort
        Time limit of each program that is solved again, and the gap at which it counts as solved.
    share
        Of a service's demand (all metros together) that is forced to be served there, in each of the ``periods`` (labels; default: all in which the
        rules let it be served there).

    Raises
    ------
    OptionError
        If there is no plan, a name is unknown (the most similar one is named), or a share or period is out of range.
    """
    base = Base.of(plan)
    asked = _Asked(base, ways(base, workload), _share(share), _periods(base, periods), effort)
    if site is not None:
        known(site, list(base.case["sites"]["site"]), "site", base.case.name)
        return asked.at(site)
    return asked.anywhere()


def why_here(plan: Plan, workload: str, effort: Effort = EXACT, *, share: float = SHARE) -> WhyNot:
    """Say why a plan runs a workload where it does: what every other site, or leaving it out, would cost.

    Raises
    ------
    OptionError
        As :func:`why_not`, and if the plan does not run it.
    """
    base = Base.of(plan)
    asked = _Asked(base, ways(base, workload), _share(share), None, effort)
    if not len(asked.ways.taken(base.x)):
        raise OptionError(f"the plan of {base.case.name} does not run '{workload}'; ask why not")
    return asked.anywhere()


def _share(share: float) -> float:
    if not 0 < share <= 1:
        raise OptionError(f"share is {share:g}; give more than 0 and at most 1 of the service's demand")
    return share


def _periods(base: Base, periods: Sequence[str] | None) -> Sequence[str] | None:
    for t in periods or ():
        known(t, list(base.case.periods), "period", base.case.name)
    return periods


@dataclass(frozen=True, eq=False)
class _Asked:
    """One question: the workload's ways, and how much of it is to be forced when."""

    base: Base
    ways: Ways
    share: float
    periods: Sequence[str] | None
    effort: Effort

    @property
    def name(self) -> str:
        return self.ways.workload

    @property
    def least(self) -> float:
        """Share that is forced: a job is placed as a whole."""
        return 1.0 if self.ways.is_job else self.share

    def demands(self, site: str) -> list[Demand]:
        """Return the rows that force the workload to a site, one per period of a service."""
        here = self.ways.at(site, self.periods)
        groups = [("", here)] if self.ways.is_job or "pairs" in self.base.case else list(here.groupby("period", sort=False))
        return [
            Demand(("forced", self.name, site, *filter(None, [str(t)])), f["column"].to_numpy(np.int64), f["weight"].to_numpy(float), self.least)
            for t, f in groups
            if len(f)
        ]

    def taken(self, site: str) -> float:
        """Return the share that the plan has at a site, of a service in the period in which it is least."""
        demands = self.demands(site)
        return min((float(d.weights @ self.base.x[d.columns]) for d in demands), default=0.0)

    def solve(self, tasks: list[tuple[Program, Proof | None]]) -> tuple[Again, list[Again]]:
        """Return the plan with bounds as exact as asked, and the programs solved again."""
        base, effort = self.base, self.effort
        one = replace(effort, workers=1)
        with Pool(min(effort.workers, len(tasks) + 1)) as pool:
            found = pool.run(solve_edited, [(p, base.x, proof, one) for p, proof in [(base.program, base.plan.proof), *tasks]])
        return better(base, found[0]), found[1:]

    def at(self, site: str) -> WhyNot:
        """Answer for one site."""
        lost, here = excluded(self.base, self.name, site), self.ways.at(site, self.periods)
        if not len(here):
            return WhyNot(self.name, site, self.says_excluded(site, lost), self.row(site, lost, None), lost)
        if self.taken(site) >= self.least - _SLACK:
            return self.instead(site, lost)
        before, (after,) = self.solve([demanding(self.base.program, self.base.plan.proof, self.demands(site))])
        cost = difference(before, after, forbids=True)
        if cost.impossible:
            answer = f"No plan has {self.what(site)}, though no single rule excludes it{self.impossible(site, here)}"
            return WhyNot(self.name, site, answer, self.row(site, lost, cost), lost, cost=cost)
        best = self.best(site, here)
        prices = decomposed(self.base, best)
        answer = f"To have {self.what(site)} costs {cost.told(self.base.case.cost_unit)}.{self.again(before)} {self.loses(best, prices)}"
        changes, terms = self.changes(before.x, after.x)
        return WhyNot(self.name, site, answer, self.row(site, lost, cost), lost, prices, changes, terms, cost)

    def instead(self, site: str, lost: pd.DataFrame) -> WhyNot:
        """Answer for a site where the plan has it: what it costs to have none of it there."""
        columns = self.ways.at(site, self.periods)["column"].to_numpy(np.int64)
        before, (after,) = self.solve([(without(self.base.program, columns), self.base.plan.proof)])
        cost = difference(before, after, forbids=True)
        changes, terms = self.changes(before.x, after.x)
        told = f"The plan has {self.what(site)}. To have none of it there: {cost.told(self.base.case.cost_unit)}.{self.again(before)}"
        prices = decomposed(self.base, int(columns[np.argmax(self.base.x[columns])]))
        return WhyNot(self.name, site, told, self.row(site, lost, None), lost, prices, changes, terms, cost)

    def anywhere(self) -> WhyNot:
        """Answer for all sites side by side, and for leaving it out."""
        lost = excluded(self.base, self.name)
        sites = [str(s) for s in self.base.case["sites"]["site"]]
        ask = [s for s in sites if len(self.ways.at(s, self.periods)) and self.taken(s) < self.least - _SLACK]
        tasks = [demanding(self.base.program, self.base.plan.proof, self.demands(s)) for s in ask]
        every = self.ways.table["column"].to_numpy(np.int64)
        runs = len(self.ways.taken(self.base.x)) > 0
        before, found = self.solve([*tasks, *([(without(self.base.program, every), self.base.plan.proof)] if runs else [])])
        costs = {s: difference(before, a, forbids=True) for s, a in zip(ask, found, strict=False)}
        rows = [self.row(s, lost[lost["site"] == s], costs.get(s)) for s in sites]
        if runs:
            rows.append(self.row(NOWHERE, lost[:0], difference(before, found[-1], forbids=True)))
        table = pd.concat(rows, ignore_index=True)
        return WhyNot(self.name, "", self.says_sites(table), table, lost)

    def best(self, site: str, here: pd.DataFrame) -> int:
        """Return the column that is best at the plan's prices, of those that the plan does not use to the full where it has less than is asked for."""
        short = [d.columns for d in self.demands(site) if float(d.weights @ self.base.x[d.columns]) < self.least - _SLACK]
        columns, settled = np.concatenate(short) if short else here["column"].to_numpy(np.int64), self.base.settled
        more = columns[self.base.x[columns] < self.base.program.upper[columns] - _SLACK]
        columns = more if len(more) else columns
        return int(columns[np.argmin(reduced_costs(self.base, columns, self.base.dual if settled is None else settled.price))])

    def changes(self, before: Floats | None, after: Floats | None) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return what goes elsewhere, against the plan itself, and the cost by term, against the plan that the cost counts from."""
        if before is None or after is None:
            return pd.DataFrame(), pd.DataFrame()
        return moved(self.base, self.base.x, after), by_term(self.base, before, after)

    def again(self, before: Again) -> str:
        """Return what is to be said where solving the plan's own program again found a better plan."""
        gain = self.base.plan.objective - before.objective
        if before.x is None or before.x is self.base.x or gain <= 0:
            return ""
        return f" (It counts from a plan {gain:,.3f} {self.base.case.cost_unit} better than this one, found by solving the case again for the answer.)"

    def impossible(self, site: str, here: pd.DataFrame) -> str:
        """Return why no plan has it, as far as a single limit shows it, and what to ask instead."""
        if self.ways.is_job or "pairs" in self.base.case:
            return ": what it needs there cannot be free beside all that must be there."
        worst = min(most_served(self.base, site, here), key=lambda most: most.share)
        if worst.share < self.least - _SLACK:
            return f": {worst.told()}. Ask for a smaller --share, or for some --periods."
        return ": what it needs there cannot be free beside all that must be there. Ask for a smaller --share, or for some --periods."

    def row(self, site: str, lost: pd.DataFrame, cost: Difference | None) -> pd.DataFrame:
        """Return the row of a site in the table of sites."""
        first = lost.iloc[0] if len(lost) else None
        here, taken = len(self.ways.at(site, self.periods)), self.taken(site)
        if cost is not None:
            answer = "impossible" if cost.impossible else "costs more" if math.isfinite(cost.estimate) else "not decided"
        else:
            answer = "placed" if here and taken >= self.least - _SLACK else "excluded"
        quoted = ("", "", "") if first is None or here else (first["rule"], first["says"], first["source"])
        numbers = (math.nan,) * 5 if cost is None else (cost.estimate, cost.low, cost.high, cost.verified_low, cost.verified_high)
        return pd.DataFrame([(site, answer, taken, *numbers, *quoted)], columns=list(SITES))

    def what(self, site: str) -> str:
        """Return what is forced, in words."""
        if self.ways.is_job:
            return f"job {self.name} at {site}"
        when = f" in {', '.join(self.periods)}" if self.periods is not None else " in every period in which it may be served there"
        return f"{self.least:.0%} of the demand of {self.name} served at {site}{when}"

    def says_excluded(self, site: str, lost: pd.DataFrame) -> str:
        if not len(lost):
            return f"{self.name} cannot run at {site}: the case offers no way to run it there."
        first = lost.iloc[0]
        more = f" ({lost['rule'].nunique() - 1} more rules exclude other options)" if lost["rule"].nunique() > 1 else ""
        source = f" [{first['source']}]" if first["source"] else ""
        return f"{self.name} cannot run at {site}: rule {first['rule']}: {first['says']}{more}.{source}"

    def loses(self, column: int, prices: pd.DataFrame) -> str:
        """Return why the best way loses: what is not free for it, and the resource that is dearest at the plan's prices."""
        way = self.ways.table.set_index("column").loc[column]
        where = f"on {way['sku']} in {way['place']}, " if way["sku"] else ""
        which = f"{where}{'start ' if self.ways.is_job else ''}{way['period']}".rstrip(", ") + (f", for {way['metro']}" if way["metro"] else "")
        uses = prices[prices["use"].notna() & ~prices["what"].str.startswith("the rest of")]
        dear = uses[uses["cost_musd"] > 1e-6].head(1)
        short = uses[(uses["free"] < uses["use"] - 1e-6 * uses["use"].abs()) & (uses["use"] > 0)].head(2)
        unit = self.base.case.cost_unit
        parts = [f"it uses {r.use:,.6g} {r.unit} of {_place(r)} at {r.price_musd:,.4g} {unit} each: {r.cost_musd:,.3f}" for r in dear.itertuples()]
        parts += [f"not free in the plan: {_place(r)} (uses {r.use:,.6g}, free {max(r.free, 0.0):,.6g} {r.unit})" for r in short.itertuples()]
        told = f"Best way there that the plan does not use: {'; '.join([which, *parts])}."
        return f"{told} {_priced(float(prices['cost_musd'].sum()), unit)}"

    def says_sites(self, table: pd.DataFrame) -> str:
        """Return what the table of sites says, in a few sentences."""
        where, unit = list(dict.fromkeys(self.ways.taken(self.base.x)["site"])), self.base.case.cost_unit
        told = [f"The plan runs {self.name} at {', '.join(where)}." if where else f"The plan does not run {self.name}."]
        n = int((table["answer"] == "excluded").sum())
        told += [f"Rules exclude {n} of {len(self.base.case['sites'])} sites."] if n else []
        offered = table[(table["answer"] == "costs more") & (table["site"] != NOWHERE)].sort_values("cost_musd", kind="stable").head(1)
        which = "site" if self.ways.is_job else f"site for {self.least:.0%} of its demand"
        which += "" if not where else " but these" if self.ways.is_job else " (where it has less)"
        told += [f"Least dear {which}: {r.site}, {_between(r, unit)}." for r in offered.itertuples()]
        for r in table[table["site"] == NOWHERE].itertuples():
            told.append("It cannot be left out." if r.answer == "impossible" else f"To leave it out costs {_between(r, unit)}.")
        return " ".join(told)


def _priced(total: float, unit: str) -> str:
    """Return what a way costs at local prices, and how that goes with the cost of forcing it."""
    said = "it breaks even" if abs(total) < _EVEN else f"it {'loses' if total > 0 else 'gains'} {abs(total):,.3f} {unit}"
    why = "Local prices are of a little more of one thing, with every decision as it is; the cost above is of all that is asked for, with decisions free"
    return f"At the plan's local prices {said}. {why}."


def _between(row: Any, unit: str) -> str:
    return f"{row.cost_musd:,.3f} {unit} (between {row.cost_low_musd:,.3f} and {row.cost_high_musd:,.3f})"


def _place(row: object) -> str:
    parts = [str(getattr(row, c)) for c in ("what", "place", "sku", "period", "block")]
    return " ".join(filter(None, parts))
