"""The textbook integer program of a problem, with or without the ``x <= y`` rows, as sparse arrays and as an MPS file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, vstack

from benchmarks.peers.problem import Floats, Problem


@dataclass(frozen=True, slots=True)
class Model:
    """``min cost v, row_lower <= matrix v <= row_upper, 0 <= v <= 1``; the pairs' columns come first, then one per site with siting.

    Attributes
    ----------
    site, workload
        Pair of each of the first columns.
    integer
        Which columns are binary.
    """

    cost: Floats
    matrix: csc_array
    row_lower: Floats
    row_upper: Floats
    integer: NDArray[np.bool_]
    site: NDArray[np.int64]
    workload: NDArray[np.int64]
    shape: tuple[int, int]

    def shares(self, values: Floats) -> Floats:
        """Return the (m, n) shares of a point."""
        share = np.zeros(self.shape)
        share[self.site, self.workload] = values[: len(self.site)]
        return share


def formulate(problem: Problem, strong: bool) -> Model:
    """Return the model: serve rows, capacity rows, and where ``strong`` one row ``x <= y`` per pair.

    Without them the capacity row alone closes a site: a far weaker relaxation with far fewer rows.
    """
    m, n = problem.cost.shape
    i, j = np.nonzero(problem.allowed)
    size, k = len(i), np.arange(len(i))
    width = size + (m if problem.siting else 0)
    sites = np.arange(m)
    serve = csr_array((np.ones(size), (j, k)), shape=(n, width))
    load = csr_array((problem.use[i, j], (i, k)), shape=(m, width))
    if problem.siting:
        load = load - csr_array((problem.limits, (sites, size + sites)), shape=(m, width))
    blocks = [serve, load]
    lower, upper = [np.ones(n), np.full(m, -np.inf)], [np.ones(n), np.zeros(m) if problem.siting else problem.limits]
    if problem.siting and strong:
        blocks.append(csr_array((np.r_[np.ones(size), -np.ones(size)], (np.r_[k, k], np.r_[k, size + i])), shape=(size, width)))
        lower.append(np.full(size, -np.inf))
        upper.append(np.zeros(size))
    cost = np.r_[problem.cost[i, j], problem.open_cost] if problem.siting else problem.cost[i, j]
    integer = np.r_[np.full(size, problem.whole), np.ones(width - size, bool)]
    return Model(cost, csc_array(vstack(blocks)), np.concatenate(lower), np.concatenate(upper), integer, i, j, (m, n))


def load_highs(model: Model, relaxed: bool = False) -> highspy.Highs:
    """Return HiGHS holding the model.

    Raises
    ------
    RuntimeError
        If HiGHS refuses or alters it.
    """
    h, lp = highspy.Highs(), highspy.HighsLp()
    h.silent()
    rows, columns = model.matrix.shape
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, np.zeros(columns), np.ones(columns)
    lp.row_lower_, lp.row_upper_ = model.row_lower, model.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = model.matrix.indptr, model.matrix.indices, model.matrix.data
    if model.integer.any() and not relaxed:
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if v else kinds.kContinuous for v in model.integer]
    if h.passModel(lp) != highspy.HighsStatus.kOk or (h.getNumCol(), h.getNumRow()) != (columns, rows):
        raise RuntimeError("HiGHS refused or altered the model")
    return h


def write_mps(model: Model, path: Path) -> None:
    """Write an MPS file whose columns are named ``c0``, ``c1``, ... in order."""
    h = load_highs(model)
    if h.writeModel(str(path)) == highspy.HighsStatus.kError:
        raise RuntimeError(f"HiGHS could not write {path.name}")
