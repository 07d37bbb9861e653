"""The only file that talks to HiGHS: arrays in, arrays out, nothing taken on trust.

Why not through Pyomo: it ignores HiGHS's refusal of rows, and cannot keep an incumbent through an interrupt.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from placement.errors import SolverError

Floats = NDArray[np.float64]

ROW_TOLERANCE = 1e-6  # relative; HiGHS's own for rows of a mixed-integer program

Basis = highspy.HighsBasis


@dataclass(frozen=True, slots=True)
class Arrays:
    """A mixed-integer program as plain arrays (see :class:`placement.program.Program`)."""

    cost: Floats
    matrix: csc_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    offset: float = 0.0  # HiGHS must know it: relative gaps refer to the whole objective

    def value(self, x: Floats) -> float:
        """Return the objective of a point."""
        return float(self.cost @ x) + self.offset

    def restricted(self, free: NDArray[np.bool_], x: Floats) -> tuple[Arrays, NDArray[np.bool_]]:
        """Return the program over the free columns only, the others standing at ``x``, and which rows it has.

        Rows without free columns go, unless ``x`` breaks them: then they stay, and no solution remains.
        Built by us, not left to presolve: neighbourhoods are small and presolve on the whole program is not.
        """
        moved = self.matrix[:, ~free] @ x[~free]
        row_lower, row_upper = self.row_lower - moved, self.row_upper - moved
        tolerance = ROW_TOLERANCE * (1 + np.abs(moved))
        matrix = csc_array(self.matrix[:, free])
        rows = (row_lower > tolerance) | (row_upper < -tolerance)
        rows[matrix.indices] = True
        sub = csc_array(matrix.tocsr()[rows])
        offset = self.offset + float(self.cost[~free] @ x[~free])
        return Arrays(self.cost[free], sub, row_lower[rows], row_upper[rows], self.lower[free], self.upper[free], self.integer[free], offset), rows

    def relaxed(self, keep: NDArray[np.bool_] | None = None) -> Arrays:
        """Return the same program with integrality kept only where ``keep`` says (default: nowhere)."""
        return replace(self, integer=np.zeros(len(self.cost), bool) if keep is None else self.integer & keep)


@dataclass(frozen=True, slots=True)
class Answer:
    """What HiGHS said: its status name, values (or None), objective, bound and row duals (LP only)."""

    status: str
    x: Floats | None
    objective: float
    bound: float
    dual: Floats | None

    @property
    def infeasible(self) -> bool:
        """Whether HiGHS claims that there is no solution."""
        return self.status in ("kInfeasible", "kUnboundedOrInfeasible")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Options of one run; only sound ones (``objective_bound`` gives false optima and is not among them)."""

    time_limit_s: float
    rel_gap: float = 1e-4
    seed: int = 0
    threads: int = 1
    method: str = "choose"  # LP method: choose, simplex, ipm
    crossover: bool = True
    presolve: bool = True
    max_nodes: int | None = None  # branch-and-bound nodes, for runs that must not depend on the clock


def solve(p: Arrays, run: Run, start: Floats | None = None, watch: Callable[[float, float], bool] | None = None) -> Answer:
    """Solve an LP (no integers) or MIP.

    Parameters
    ----------
    start
        A complete feasible point to begin with.
    watch
        Called now and then with (incumbent objective, bound); a true result stops the run with what there is.

    Raises
    ------
    SolverError
        If HiGHS refuses the model, an option, or changes the model's size.
    """
    if not len(p.cost):
        return _nothing_to_decide(p)
    h = _load(p)
    _set_options(h, run)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        if h.setSolution(solution) == highspy.HighsStatus.kError:
            raise SolverError("HiGHS refused the starting point")
    broken: list[BaseException] = []
    if watch is not None:
        _subscribe(h, watch, broken)
    done = h.run()
    if broken:
        raise broken[0]
    if done == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS failed with {h.getModelStatus().name}")
    return _read(h, p)


def dual_ray(p: Arrays, run: Run) -> Floats | None:
    """Return row multipliers that prove a linear program infeasible (Farkas), or None if HiGHS has none.

    They are a claim until :func:`placement.certificate.proves_infeasible` has looked at them.
    """
    if not len(p.cost):
        return None
    h = _load(p.relaxed())
    _set_options(h, replace(run, method="simplex", presolve=False))  # presolve would find the contradiction and keep no ray
    h.run()
    return _ray(h)


def _ray(h: highspy.Highs) -> Floats | None:
    """Return the row multipliers with which HiGHS claims that there is no solution, or None."""
    _, exists, values = h.getDualRay()
    return np.array(values) if exists else None


def _nothing_to_decide(p: Arrays) -> Answer:
    """Answer for a program without columns, which HiGHS calls empty whatever its rows say."""
    if (p.row_lower > 0).any() or (p.row_upper < 0).any():
        return Answer("kInfeasible", None, math.inf, math.inf, None)
    return Answer("kOptimal", np.empty(0), p.offset, p.offset, np.zeros(len(p.row_lower)))


def _load(p: Arrays) -> highspy.Highs:
    if not (np.isfinite(p.cost).all() and np.isfinite(p.matrix.data).all()):
        raise SolverError("cost or coefficient is NaN or infinite, which HiGHS takes without a word")
    h = highspy.Highs()
    h.silent()
    lp = highspy.HighsLp()
    m, n = p.matrix.shape
    lp.num_col_, lp.num_row_ = n, m
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = p.cost, p.lower, p.upper
    lp.row_lower_, lp.row_upper_ = p.row_lower, p.row_upper
    lp.offset_ = p.offset
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = p.matrix.indptr, p.matrix.indices, p.matrix.data
    if p.integer.any():
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if i else kinds.kContinuous for i in p.integer]
    if h.passModel(lp) != highspy.HighsStatus.kOk:
        raise SolverError("HiGHS refused or altered the model")
    if (h.getNumCol(), h.getNumRow()) != (n, m):
        raise SolverError(f"HiGHS holds {h.getNumRow()} rows x {h.getNumCol()} columns, the model has {m} x {n}")
    return h


def _set_options(h: highspy.Highs, run: Run) -> None:
    highspy.Highs.resetGlobalScheduler(True)  # the thread count is process-wide
    options: dict[str, object] = {
        "time_limit": max(run.time_limit_s, 0.01), "mip_rel_gap": run.rel_gap, "mip_abs_gap": 1e-9, "random_seed": run.seed, "threads": run.threads,
        "solver": run.method, "run_crossover": "on" if run.crossover else "off", "presolve": "choose" if run.presolve else "off",
    }  # fmt: skip
    if run.max_nodes is not None:
        options["mip_max_nodes"] = min(run.max_nodes, 2**31 - 1)
    for name, value in options.items():
        if h.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS refused option {name} = {value!r}")


def _subscribe(h: highspy.Highs, watch: Callable[[float, float], bool], broken: list[BaseException]) -> None:
    """Connect the callbacks; an exception must not escape into HiGHS, which would leave it unusable."""

    def ask(event: highspy.HighsCallbackEvent, objective: float, bound: float) -> None:
        try:
            stop = bool(broken) or watch(objective, bound)
        except BaseException as error:  # re-raised by solve()
            broken.append(error)
            stop = True
        if stop:
            event.interrupt()

    def mip(event: highspy.HighsCallbackEvent) -> None:
        ask(event, event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)

    def lp(event: highspy.HighsCallbackEvent) -> None:
        ask(event, math.inf, -math.inf)

    h.cbMipInterrupt.subscribe(mip)
    h.cbSimplexInterrupt.subscribe(lp)
    h.cbIpmInterrupt.subscribe(lp)


def _read(h: highspy.Highs, p: Arrays) -> Answer:
    info, status = h.getInfo(), h.getModelStatus().name
    solution = h.getSolution()
    has_point = info.primal_solution_status == 2  # value_valid only says that numbers exist
    x = np.array(solution.col_value) if has_point else None
    is_mip = bool(p.integer.any())
    dual = np.array(solution.row_dual) if not is_mip and solution.dual_valid and len(solution.row_dual) == len(p.row_lower) else None
    objective = p.value(x) if x is not None else math.inf
    bound = float(info.mip_dual_bound) if is_mip else (objective if status == "kOptimal" else -math.inf)
    return Answer(status, x, objective, bound, dual)


class Relaxation:
    """A program without integrality, held by HiGHS to be solved again and again in other boxes, each from an earlier basis."""

    def __init__(self, p: Arrays, seed: int = 0) -> None:
        self._p = p.relaxed()
        self._h = _load(self._p)
        _set_options(self._h, Run(time_limit_s=1.0, seed=seed, method="simplex", presolve=False))  # presolve would lose the basis

    def solve(self, columns: NDArray[np.int32], lower: Floats, upper: Floats, seconds: float, basis: object = None) -> tuple[Answer, Floats | None, object]:
        """Return the answer in a box, the dual ray if it is empty, and the basis to begin with next time.

        Parameters
        ----------
        columns, lower, upper
            Columns and their bounds; other columns keep theirs. Give the same columns every time.
        basis
            What an earlier call returned; without, HiGHS goes on from where it is.

        Raises
        ------
        SolverError
            If HiGHS refuses the bounds or the basis, or fails.
        """
        h = self._h
        done = [h.changeColsBounds(len(columns), columns, lower, upper), h.setOptionValue("time_limit", h.getRunTime() + max(seconds, 0.01))]
        if basis is not None:
            done.append(h.setBasis(basis))
        done.append(h.run())  # its clock runs on from solve to solve
        if highspy.HighsStatus.kError in done:
            raise SolverError(f"HiGHS failed with {h.getModelStatus().name}")
        answer = _read(h, self._p)
        return answer, _ray(h) if answer.infeasible else None, h.getBasis()


class Master:
    """A linear program that HiGHS keeps and that grows by rows and columns; each solve goes on from the last basis.

    Rows and columns count from 0 in the order in which they were added.

    Parameters
    ----------
    tolerance
        By how much rows and reduced costs may be off, absolute.
    presolve
        Whether a solve that has no basis to lose begins with presolve.
    """

    def __init__(self, seed: int = 0, tolerance: float = 1e-9, presolve: bool = False) -> None:
        self._h = highspy.Highs()
        self._h.silent()
        _set_options(self._h, Run(time_limit_s=1.0, seed=seed, method="simplex", presolve=presolve))
        for name in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
            self._h.setOptionValue(name, tolerance)
        self._cost: list[Floats] = []

    def add_rows(self, lower: Floats, upper: Floats, entries: csr_array) -> None:
        """Add rows; ``entries`` has one row each and a column for every column present, shape (n_new, n_columns)."""
        k, start, index, value = len(lower), entries.indptr[:-1].astype(np.int32), entries.indices.astype(np.int32), entries.data
        self._require(self._h.addRows(k, np.asarray(lower, float), np.asarray(upper, float), len(value), start, index, value), value)

    def add_columns(self, cost: Floats, lower: Floats, upper: Floats, entries: csc_array) -> None:
        """Add columns; ``entries`` has one column each and a row for every row present, shape (n_rows, n_new)."""
        k, start, index, value = len(cost), entries.indptr[:-1].astype(np.int32), entries.indices.astype(np.int32), entries.data
        self._require(self._h.addCols(k, cost, np.asarray(lower, float), np.asarray(upper, float), len(value), start, index, value), value, cost)
        self._cost.append(np.asarray(cost, float))

    def bound_columns(self, columns: NDArray[np.int32], lower: Floats, upper: Floats) -> None:
        """Give columns other bounds."""
        self._require(self._h.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper))

    def bound_rows(self, rows: NDArray[np.int32], lower: Floats, upper: Floats) -> None:
        """Give rows other sides."""
        self._require(self._h.changeRowsBounds(len(rows), rows.astype(np.int32), lower, upper))

    def drop_rows(self, rows: NDArray[np.int32]) -> None:
        """Take rows out; those behind them move up."""
        self._require(self._h.deleteRows(len(rows), rows.astype(np.int32)))

    @property
    def basis(self) -> highspy.HighsBasis:
        """The basis of the last solve, to be put back with :meth:`restore`."""
        return self._h.getBasis()

    def restore(self, basis: highspy.HighsBasis) -> None:
        """Go on from an earlier basis; columns added since then stand at their lower bound, rows since then are basic."""
        again = highspy.HighsBasis()
        states = highspy.HighsBasisStatus
        again.col_status = [*basis.col_status, *[states.kLower] * (self._h.getNumCol() - len(basis.col_status))]
        again.row_status = [*basis.row_status, *[states.kBasic] * (self._h.getNumRow() - len(basis.row_status))]
        again.valid = True
        self._require(self._h.setBasis(again))

    def ray(self) -> Floats | None:
        """Return the row multipliers with which HiGHS claims that there is no solution, or None."""
        return _ray(self._h)

    def solve(self, seconds: float, primal: bool = False, anew: bool = False) -> Answer:
        """Return values and duals; without a limit for ``inf`` seconds.

        Parameters
        ----------
        primal
            Use the primal method, which goes on where columns were added; the dual method goes on where bounds have changed.
        anew
            Forget the last basis.

        Raises
        ------
        SolverError
            If HiGHS fails.
        """
        h = self._h
        if anew:
            h.clearSolver()
        h.setOptionValue("simplex_strategy", 4 if primal and not anew else 1)
        h.setOptionValue("time_limit", h.getRunTime() + max(seconds, 0.01))  # its clock runs on from solve to solve
        if h.run() == highspy.HighsStatus.kError:
            raise SolverError(f"HiGHS failed with {h.getModelStatus().name}")
        info, solution, status = h.getInfo(), h.getSolution(), h.getModelStatus().name
        x = np.array(solution.col_value) if info.primal_solution_status == 2 else None
        dual = np.array(solution.row_dual) if solution.dual_valid else None
        objective = float(np.concatenate(self._cost) @ x) if x is not None else math.inf
        return Answer(status, x, objective, objective if status == "kOptimal" else -math.inf, dual)

    def _require(self, done: highspy.HighsStatus, *numbers: Floats) -> None:
        """Raise unless HiGHS took what it was given; it drops tiny coefficients with a warning, which is allowed."""
        if done == highspy.HighsStatus.kError or not all(np.isfinite(v).all() for v in numbers):
            raise SolverError("HiGHS refused a change of the linear program")
