"""What the blocks share: the Pyomo model, named cost terms and the amounts of each resource.

A block adds variables and constraints to ``supply.model``, costs with :meth:`Supply.pay` and :meth:`Supply.invest`,
and amounts with :meth:`Supply.provide`. Blocks know nothing else of each other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from typing import Any

import pyomo.environ as pyo

from placement.case import Case
from placement.rules import Scope
from placement.units import KG_PER_T, MONTHS_PER_YEAR, USD_PER_MUSD

Expr = Any  # a number, a Pyomo variable or a Pyomo expression: Pyomo has no common type for them


@dataclass(frozen=True, slots=True)
class Source:
    """Power that a site has from one source in one block; negative: sold, or stored."""

    site: str
    tech: str
    period: int
    block: int
    mw: Expr
    clean: float  # share of it that is clean
    stored: bool = False


class Supply:
    """The supply side under construction.

    Parameters
    ----------
    scope
        The case with its index sets and limits.
    wanted
        Resource keys ``(kind, *index)`` that some column uses; nothing is built for others.
    """

    def __init__(self, scope: Scope, wanted: Collection[tuple[Any, ...]]) -> None:
        self.scope, self.case = scope, scope.case
        self.wanted = frozenset(wanted)
        self.model = pyo.ConcreteModel(name=scope.case.name)
        self.available: dict[tuple[Any, ...], list[Expr]] = {key: [] for key in wanted}
        self.cost: dict[str, list[Expr]] = defaultdict(list)  # term -> discounted M$
        self.cash: dict[tuple[str, int], list[Expr]] = defaultdict(list)  # (term, period) -> undiscounted M$; period T: residual
        self.emissions: dict[int, list[Expr]] = defaultdict(list)  # period -> tonnes of CO2
        self.most_drawn = 0.0  # M$ of all funds that may be released
        self.drawn: dict[int, list[Expr]] = defaultdict(list)  # period -> M$ of released funds
        self.assets: list[tuple[int, int, float, Expr]] = []  # (period paid, period of service, life in years, M$) of every investment
        self.layer = ""  # name of the block that is being built
        self.by_owner: dict[tuple[str, str, str], list[Expr]] = defaultdict(list)  # (term, layer, site or SKU or "") -> undiscounted M$
        self.decisions: dict[tuple[Any, ...], Expr] = {}  # decision that columns may require -> variable
        self.owned: dict[tuple[str, int], list[Expr]] = defaultdict(list)  # (SKU, t) -> units bought that have arrived and not left
        self.purchase_musd: dict[str, Expr] = {}  # offer -> what is paid for the units bought, if they cost anything
        self.leaving: dict[tuple[str, int], list[Expr]] = defaultdict(list)  # (SKU, t) -> owned units that leave at the start of t
        self.step: dict[str, Callable[[Any, int], Expr]] = {}  # name of never-falling decisions -> value(key, t)
        self.hall_mw: dict[tuple[Any, ...], list[Expr]] = defaultdict(list)  # (domain code, cooling, t) -> IT MW in service
        self.tier_mw: dict[tuple[str, str, int], Expr] = {}  # (site, tier, t) -> MW of an energised tier
        self.hall_on: dict[tuple[int, int], Expr] = {}  # (row of scope.halls, t) -> whether it is in service
        self.grid_limit: dict[tuple[Any, ...], list[Expr]] = defaultdict(list)  # (site, t, b) -> MW of the energised tiers
        self.through_grid: dict[tuple[Any, ...], list[Expr]] = defaultdict(list)  # (site, t, b) -> MW that use the connection
        self.stored_mw: dict[tuple[Any, ...], list[Expr]] = defaultdict(list)  # (site, t, b) -> MW that storage gives less what it takes
        self.export_mw: dict[tuple[Any, ...], list[Expr]] = defaultdict(list)  # (site, t, b) -> MW sold through the connection
        self.spilled_mw: dict[tuple[Any, ...], Expr] = {}  # (site, t, b) -> MW that nobody uses
        self.exact: set[tuple[Any, ...]] = set()  # resources of which nothing may be left over
        self.implied: dict[int, float] = {}  # id of a variable whose upper bound only repeats what rows say -> its bound without that
        self.sources: list[Source] = []  # the same by technology, and what is sold and stored
        self.source_mw: dict[tuple[Any, ...], list[Expr]] = defaultdict(list)  # (site, t, b) -> MW from all sources

    def provide(self, key: tuple[Any, ...], amount: Expr) -> None:
        """Add an amount to a resource, if any column uses it."""
        if key in self.available:
            self.available[key].append(amount)

    def draw(self, key: tuple[Any, ...], amount: Expr) -> None:
        """Take an amount from a resource for the supply side's own use."""
        self.provide(key, -amount)

    def facility_mw(self, i: tuple[Any, ...]) -> Expr:
        """Return what stays at a site of the power of all sources, (site, t, b): without what is sold, stored and spilled."""
        return amount(self.source_mw[i]) - amount(self.export_mw.get(i, ())) + amount(self.stored_mw.get(i, ())) - self.spilled_mw.get(i, 0)

    def implies(self, var: Expr, upper: float = math.inf) -> None:
        """Note that rows say of every entry of a variable what its upper bound says, up to ``upper``: then the row has the price, not the bound."""
        self.implied.update({id(entry): upper for entry in (var.values() if var.is_indexed() else [var])})

    def pay(self, term: str, period: int, amount_musd: Expr, owner: str = "") -> None:
        """Charge an undiscounted amount in a period to a cost term; ``owner`` is the site or SKU that it is for, if one."""
        self.cash[term, period].append(amount_musd)
        self.by_owner[term, self.layer, owner].append(amount_musd)
        self.cost[term].append(float(self.case.discount[period]) * amount_musd)

    def emit(self, period: int, kg_per_mwh: float, mwh: Expr, owner: str = "") -> None:
        """Measure the carbon of energy taken, and charge its price."""
        tonnes = kg_per_mwh / KG_PER_T * mwh
        self.pay("carbon", period, self.case.carbon_price_usd_per_t / USD_PER_MUSD * tonnes, owner)
        self.emissions[period].append(tonnes)

    def invest(self, period: int, amount_musd: Expr, life_years: float, *, owner: str = "", in_service: int | None = None) -> None:
        """Charge capital paid in a period and credit what the asset is worth at the end of the horizon (NaN life: nothing)."""
        self.pay("capex", period, amount_musd, owner)
        begun = period if in_service is None else in_service
        self.assets.append((period, begun, life_years, amount_musd))
        self.forgo(-amount_musd, life_years, owner=owner, in_service=begun)

    def forgo(self, amount_musd: Expr, life_years: float, *, owner: str, in_service: int) -> None:
        """Charge the residual value at the end of the horizon of an asset that cost this amount: it was credited and the asset is sold before."""
        share = 1 - (self.case.n_periods - in_service) * self.case.period_months / MONTHS_PER_YEAR / life_years
        if share > 0:  # False for NaN
            self.pay("salvage", self.case.n_periods, share * amount_musd, owner)

    def steps(
        self, name: str, first: dict[Any, int], most: dict[Any, int] | None = None, last: dict[Any, int] | None = None
    ) -> Callable[[Hashable, int], Expr]:
        """Declare never-falling 0/1 (or 0..most) decisions and return ``value(key, t)``: the variable, or 0 before its first period (and after its last).

        ``first`` maps each key (a tuple of ids) to the first period in which the decision can be taken, ``last`` to the last one in which it counts.
        """
        end = self.case.n_periods
        index = [(*key, t) for key, begin in first.items() for t in range(begin, min(end, last[key] + 1) if last else end)]
        domain = pyo.Binary if most is None else pyo.NonNegativeIntegers
        var = pyo.Var(index, domain=domain, bounds=lambda m, *i: (0, most[i[:-1]] if most else 1))
        self.model.add_component(name, var)
        later = [i for i in index if i[-1] > first[i[:-1]]]
        self.model.add_component(f"{name}_step", pyo.Constraint(later, rule=lambda m, *i: var[(*i[:-1], i[-1] - 1)] <= var[i]))
        known = set(index)

        def value(key: Any, t: int) -> Expr:
            i = (*key, t)
            return var[i] if i in known else 0

        self.step[name] = value
        return value


def amount(terms: Collection[Expr]) -> Expr:
    """Return the sum of terms as one Pyomo expression (0 if there are none)."""
    return pyo.quicksum(terms)


@dataclass(frozen=True, slots=True)
class Block:
    """One layer of supply: which tables switch it on and the function that writes its algebra.

    ``tables``: the block is built if any of these is in the case. ``needs``: blocks that must come before it if built.
    ``columns``: where given (``table.column``), it is built only if some cell of these is filled.
    """

    name: str
    build: Callable[[Supply], None]
    tables: tuple[str, ...]
    needs: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def active(self, case: Case) -> bool:
        """Whether the case has a table of this layer, and says something in its columns."""
        return any(t in case for t in self.tables) and (not self.columns or any(_filled(case, *c.split(".")) for c in self.columns))


def _filled(case: Case, table: str, column: str) -> bool:
    cells = case[table][column]
    return bool((cells.notna() & (cells != "")).any())
