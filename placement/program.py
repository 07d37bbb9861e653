"""The whole model as arrays: the fast path; :mod:`placement.reference` has it as ordinary Pyomo.

Both are made from the same two sides: Pyomo blocks of supply and arrays of demand columns. Rows come in four groups:
the supply's own, ``resource`` (use <= available), ``serve`` (each workload) and ``requires`` (columns <= decision).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, overload

import placement.start_up  # noqa: F401  before Pyomo, and so before what stands below

# isort: split
import numpy as np
import pandas as pd
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy.sparse import coo_array, csc_array, csr_array, hstack, vstack

from placement.cards import Card, card
from placement.case import Case
from placement.case.case import expect_case
from placement.demand import Columns, build_demand
from placement.demand.registry import Demand
from placement.errors import FormulationError
from placement.rules import Scope
from placement.rules.unreachable import unreachable
from placement.supply import BLOCKS, Supply, build_supply
from placement.supply.supply import amount

Floats = NDArray[np.float64]
Key = tuple[Any, ...]  # family and the ids in the planner's words; period and block by index
#: Sizes of coefficients that a program keeps to.
SMALLEST, LARGEST = 1e-4, 1e6
_BIG, _SMALL = 1e9, 1e-9  # HiGHS drops coefficients up to 1e-9 and refuses huge ones


def key_name(key: Key) -> str:
    """Return the name of a row or column, with every id as it is written.

    Examples
    --------
    >>> key_name(("hall_it_mw", "o'b", 0)), key_name(("nothing",))
    ("hall_it_mw[o'b,0]", 'nothing')
    """
    family, *ids = key
    return f"{family}[{','.join(map(str, ids))}]" if ids else str(family)


def component_key(part: Any) -> Key:
    """Return the key of a Pyomo variable or constraint; Pyomo's own names put some ids in quotes (``007``, ``a.b``)."""
    index = part.index()
    ids = index if isinstance(index, tuple) else () if index is None else (index,)
    return (part.parent_component().local_name, *ids)


def component_name(part: Any) -> str:
    """Return the name that a Pyomo variable or constraint has in a :class:`Program`."""
    return key_name(component_key(part))


class RowKeys(Sequence[Key]):
    """Keys of all rows; those of the ``requires`` rows, of which there may be a million, are made when asked for.

    Examples
    --------
    >>> list(RowKeys([("place_once[j]",)], 2))
    [('place_once[j]',), ('requires', 0), ('requires', 1)]
    """

    def __init__(self, named: Sequence[Key], n_requires: int) -> None:
        self._named, self._n = tuple(named), len(named) + n_requires

    def led_by(self, key: Key) -> RowKeys:
        """Return the keys with one more before them."""
        return RowKeys((key, *self._named), self._n - len(self._named))

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, i: int) -> Key: ...
    @overload
    def __getitem__(self, i: slice) -> list[Key]: ...
    def __getitem__(self, i: int | slice) -> Key | list[Key]:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(self._n))]
        at = range(self._n)[i]  # negative numbers count from the end; IndexError beyond
        return self._named[at] if at < len(self._named) else ("requires", at - len(self._named))


@dataclass(frozen=True)
class Program:
    """``min cost'x + offset`` with ``row_lower <= A x <= row_upper``, ``lower <= x <= upper``, some integer.

    Attributes
    ----------
    matrix
        A, shape (n_rows, n_columns), by column.
    workload
        Serve row that each column belongs to, -1 for supply decisions, shape (n_columns,).
    optional
        Whether each workload may stay unserved at no cost, shape (n_workloads,).
    row_keys
        Family and ids of each row, such as ``("grid_limit", "sines", 3, 1)``; a serve row has its label alone.
    loose
        Upper bounds without those that only repeat rows, shape (n_columns,); ``None``: ``upper``.
    """

    cost: Floats
    offset: float
    matrix: csc_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    workload: NDArray[np.int64]
    optional: NDArray[np.bool_]
    row_keys: RowKeys
    supply_names: tuple[str, ...]
    loose: Floats | None = None

    def __post_init__(self) -> None:
        guard(self)

    @property
    def n_supply(self) -> int:
        """How many of the columns, which come first, are supply decisions."""
        return len(self.supply_names)

    @cached_property
    def row_names(self) -> tuple[str, ...]:
        """One name per row, such as ``grid_limit[sines,3,1]`` (period and block by index)."""
        return tuple(map(key_name, self.row_keys))

    def row_name(self, i: int) -> str:
        """Return the name of one row, without making those of all others."""
        return key_name(self.row_keys[i])

    @cached_property
    def rows(self) -> csr_array:
        """The matrix by row."""
        return csr_array(self.matrix)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Numbers of rows, columns, integers and nonzeros."""
        return {
            "rows": self.matrix.shape[0],
            "columns": self.matrix.shape[1],
            "supply_columns": self.n_supply,
            "integers": int(self.integer.sum()),
            "nonzeros": int(self.matrix.nnz),
        }

    def column_name(self, j: int) -> str:
        """Return the name of a column; demand columns are ``x[number]``."""
        return self.supply_names[j] if j < self.n_supply else f"x[{j - self.n_supply}]"


def guard(p: Program) -> None:
    """Refuse numbers that a solver would take silently and answer wrongly.

    Raises
    ------
    FormulationError
        Naming the first offending row or column.
    """
    for what, values in (("cost", p.cost), ("coefficient", p.matrix.data)):
        if not np.isfinite(values).all():
            raise FormulationError(f"{what} is NaN or infinite: {_where(p, what, int(np.flatnonzero(~np.isfinite(values))[0]))}")
    size = np.abs(p.matrix.data)
    wild = np.flatnonzero((size >= _BIG) | (size <= _SMALL))
    if len(wild):
        raise FormulationError(f"coefficient {p.matrix.data[wild[0]]:g} cannot be solved safely: {_where(p, 'coefficient', int(wild[0]))}")
    if not np.isfinite(p.offset):
        raise FormulationError(f"the objective's offset is {p.offset}")
    for name in ("row_lower", "row_upper", "lower", "upper"):
        missing = np.flatnonzero(np.isnan(getattr(p, name)))
        if len(missing):
            i = int(missing[0])
            raise FormulationError(f"NaN in {name}: {f'row {p.row_name(i)}' if name.startswith('row') else f'column {p.column_name(i)}'}")
    unbounded = np.flatnonzero(~np.isfinite(p.lower) | ~np.isfinite(p.upper))
    if len(unbounded):  # a safe dual bound needs a box around every column
        raise FormulationError(f"column {p.column_name(int(unbounded[0]))} has no finite bounds")


def _where(p: Program, what: str, i: int) -> str:
    if what == "cost":
        return p.column_name(i)
    return f"row {p.row_name(int(p.matrix.indices[i]))}, column {p.column_name(int(np.searchsorted(p.matrix.indptr, i, side='right')) - 1)}"


@dataclass(frozen=True)
class Sides:
    """Supply and demand of a case before they are joined."""

    case: Case
    scope: Scope
    demand: Demand
    supply: Supply
    weights: dict[str, float]
    resources: NDArray[np.int64]  # codes of the resource rows

    @property
    def columns(self) -> Columns:
        """The demand columns."""
        return self.demand.columns

    @cached_property
    def resource_ids(self) -> dict[str, tuple[Any, ...]]:
        """Kind of resource -> the ids of its first dimensions; periods and blocks, which come last, have none."""
        case, scope = self.case, self.scope
        asked = (case["services"]["service"].to_numpy(), case["metros"]["metro"].to_numpy())
        return {
            "compute": (scope.domains, scope.skus), "serve": (scope.sites, scope.skus), "power": (scope.sites,),
            "firm": (scope.sites, scope.levels), "fibre": (case["links"]["link"].to_numpy(),), "capacity": (scope.sites,),
            "deferrable": (scope.sites, scope.duties), "filler": (scope.domains, scope.skus), "lull": (scope.sites, scope.skus),
            "release": (case["releases"]["release"].to_numpy(),), "base": (case["jobs"]["job"].to_numpy(),),
            "presence": (*(case[t][t[:-1]].to_numpy() for t in ("services", "sites", "metros")),),
            "least_units": (case["services"]["service"].to_numpy(), scope.sites), "pool": (scope.sites, scope.skus),
            "spread": (*asked, scope.failure_domains), "cover": (*asked, scope.failure_domains), "spare": asked,
            "apart": (scope.apart, scope.failure_domains),
        }  # fmt: skip

    def column_cost(self, weights: Mapping[str, float] | None = None) -> Floats:
        """Return the weighted discounted cost of each demand column, M$, by the case's own weights or by others."""
        columns, cost = self.columns, np.zeros(len(self.columns))
        for term, musd in columns.cost_musd.items():
            if weights is None or term in weights:
                cost += (self.weights if weights is None else weights)[term] * musd * self.case.discount[columns.when(term)]
        return cost


def build_sides(case: Case, model: Card | None = None, *, told: bool = True) -> Sides:
    """Build supply and demand of a case; only where it is ``told`` do the exclusions name what can never be there.

    Raises
    ------
    FormulationError
        If the case has tables of a block that the card leaves out, or a block is unknown.
    """
    expect_case(case)
    chosen = model or card(case.model)
    left_out = [b for b in BLOCKS if b.name not in chosen.blocks and b.active(case)]
    if left_out:
        tables = sorted({t for b in left_out for t in b.tables if t in case})
        raise FormulationError(f"tables {tables} have no effect under model '{chosen.name}'; remove them or use a model with {[b.name for b in left_out]}")
    scope = Scope(case)
    demand = build_demand(scope)
    demand = replace(demand, exclusions=pd.concat([demand.exclusions, *([unreachable(scope)] if told else [])], ignore_index=True))
    resources = np.unique(np.concatenate([demand.columns.use.row, _idle_power(scope, demand)]))
    supply = build_supply(scope, [demand.resources.decode(int(c)) for c in resources], chosen.blocks)
    weights = {**chosen.weights, **case.weights}
    supply.model.cost = pyo.Objective(expr=pyo.quicksum(weights[t] * pyo.quicksum(terms) for t, terms in supply.cost.items()))
    return Sides(case, scope, demand, supply, weights, resources)


def _idle_power(scope: Scope, demand: Demand) -> NDArray[np.int64]:
    """Power rows of sites where chips that idle, or storage, may stand: their draw counts even in hours that no column uses."""
    idle = scope.case["skus"]["idle_share"].to_numpy(float) > 0
    storing = scope.sites.get_indexer(pd.Index(scope.case["storage"]["site"]))
    if not scope.has_power or not (idle.any() or len(storing)) or not len(scope.domains):
        return np.empty(0, np.int64)
    sites = np.union1d(scope.domain_site[(scope.units[:, idle] > 0).any(axis=(1, 2))], storing)
    sites = sites[~scope.power_included[sites]]
    s, t, b = np.meshgrid(sites, np.arange(scope.case.n_periods), np.arange(len(scope.case.blocks)), indexing="ij")
    return demand.resources.encode("power", s, t, b).ravel()


def resource_key(sides: Sides, code: int) -> Key:
    """Return a resource in the planner's ids, such as ``("power", "sines", 3, 1)`` (period and block by index)."""
    kind, *index = sides.demand.resources.decode(code)
    labels = sides.resource_ids[str(kind)]
    return (kind, *(str(labels[i][j]) if i < len(labels) else j for i, j in enumerate(index)))  # type: ignore[call-overload]


def resource_name(sides: Sides, code: int) -> str:
    """Return a resource's name, such as ``power[sines,3,1]``."""
    return key_name(resource_key(sides, code))


def assemble(sides: Sides) -> tuple[Program, list[Any]]:
    """Join the two sides; return the program and the Pyomo variable of each supply column."""
    supply, columns = sides.supply, sides.columns
    available = {i: amount(supply.available[sides.demand.resources.decode(int(c))]) for i, c in enumerate(sides.resources)}
    varying = [i for i, e in available.items() if not isinstance(e, (int, float)) and e.is_potentially_variable()]
    model = supply.model
    model.resource = pyo.Constraint(varying, rule=lambda m, i: available[i] >= 0)
    form = LinearStandardFormCompiler().write(model, mixed_form=True)
    rows = [(r.constraint, r.bound_type) for r in form.rows]
    resource_row = {c.index(): i for i, (c, _) in enumerate(rows) if c.parent_component() is model.resource}
    own = np.setdiff1d(np.arange(len(rows)), list(resource_row.values())).astype(int)
    model.del_component("resource")

    gates, gate_of = np.unique(columns.requires_decision, return_inverse=True)
    gate = [supply.decisions[sides.demand.decisions.decode(int(c))] for c in gates]
    column_of = {id(v): j for j, v in enumerate(form.columns)}
    variables = [*form.columns, *(v for v in gate if id(v) not in column_of)]  # free of charge and in no row of supply: only columns need them
    column_of |= {id(v): j for j, v in enumerate(variables)}

    a, rhs = form.A.tocsr(), np.asarray(form.rhs, dtype=float)
    a.resize(a.shape[0], len(variables))
    bound = np.array([kind for _, kind in rows])
    supply_lower = np.where(bound[own] <= 0, rhs[own], -np.inf)
    supply_upper = np.where(bound[own] >= 0, rhs[own], np.inf)
    n_res, n_sup, n_col = len(sides.resources), len(variables), len(columns)
    # available >= 0 was compiled as (coefficients) x >= -constant; the resource row is use - coefficients x <= constant
    here = [resource_row[i] for i in varying]
    picked = -a[here].tocoo() if here else coo_array((0, n_sup))
    resource_a = coo_array((picked.data, (np.array(varying, dtype=int)[picked.row], picked.col)), shape=(n_res, n_sup)) if here else coo_array((n_res, n_sup))
    constant = np.array([0.0 if i in resource_row else float(available[i]) for i in range(n_res)])
    constant[varying] = [-rhs[i] for i in here]

    exact = np.array([sides.demand.resources.decode(int(c)) in supply.exact for c in sides.resources], bool)

    use = columns.use
    use_a = coo_array((use.value, (np.searchsorted(sides.resources, use.row), use.col)), shape=(n_res, n_col))
    serve_a = coo_array((np.ones(n_col), (columns.serve_row, np.arange(n_col))), shape=(len(columns.serve), n_col))
    need = columns.requires
    n_need = len(columns.requires_decision)
    need_a = coo_array((need.value, (need.row, need.col)), shape=(n_need, n_col))
    decided = np.array([column_of[id(v)] for v in gate], dtype=int)[gate_of]
    gate_a = coo_array((-np.ones(n_need), (np.arange(n_need), decided)), shape=(n_need, n_sup)) if n_need else coo_array((0, n_sup))

    matrix = vstack(
        [
            hstack([a[own], coo_array((len(own), n_col))]),
            hstack([resource_a, use_a]),
            hstack([coo_array((len(columns.serve), n_sup)), serve_a]),
            hstack([gate_a, need_a]),
        ]
    ).tocsc()
    matrix.sum_duplicates()
    own_cost = np.zeros(n_sup)
    own_cost[: len(form.columns)] = np.asarray(form.c.todense()).ravel()
    keys = [component_key(rows[i][0]) for i in own] + [resource_key(sides, int(c)) for c in sides.resources]
    upper = [v.ub if v.ub is not None else np.inf for v in variables]
    return Program(
        cost=np.concatenate([own_cost, sides.column_cost()]),
        offset=float(form.c_offset[0]),
        matrix=csc_array(matrix),
        row_lower=np.concatenate([supply_lower, np.where(exact, constant, -np.inf), columns.serve["lower"].to_numpy(float), np.full(n_need, -np.inf)]),
        row_upper=np.concatenate([supply_upper, constant, columns.serve["upper"].to_numpy(float), np.zeros(n_need)]),
        lower=np.concatenate([[v.lb if v.lb is not None else -np.inf for v in variables], np.zeros(n_col)]),
        upper=np.concatenate([upper, np.ones(n_col)]),
        integer=np.concatenate([np.array([not v.is_continuous() for v in variables], bool), columns.integer]),
        workload=np.concatenate([np.full(n_sup, -1), columns.serve_row]),
        optional=columns.serve["lower"].to_numpy(float) <= 0,
        row_keys=RowKeys([*keys, *((label,) for label in columns.serve["label"])], n_need),
        supply_names=tuple(map(component_name, variables)),
        loose=np.concatenate([[supply.implied.get(id(v), u) for v, u in zip(variables, upper, strict=True)], np.ones(n_col)]),
    ), variables
