"""Where the engine begins: programs of assignment form go to the algorithms for that form, all others to the general search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from placement.certificate import Proof, proven_bound
from placement.engine.assignment.detect import recognise
from placement.engine.outcome import Outcome, Progress
from placement.engine.prove import prove
from placement.engine.search import arrays, search_program
from placement.engine.settle import gap_closed
from placement.options import SolveOptions
from placement.program import Program

_TINY = 300  # columns up to which branch and bound with its proof is done before compiled code is loaded
_PROVABLE = 5e6  # rows x columns up to which a branching tree is worth trying
_PROVE_S = 5.0


def solve_program(
    program: Program, options: SolveOptions, progress: Progress, begin: np.ndarray | None = None, proof: Proof | None = None, *, prices: bool = True
) -> Outcome:
    """Search for a plan and a bound until the gap, the time or the user says stop.

    Parameters
    ----------
    begin
        Values of the program's columns that suggest where to begin.
    proof
        Of an earlier program with as many rows and columns: where it still proves a bound, a large program needs no relaxation.
    prices
        Whether local prices are wanted, which take one linear program more.
    """
    known = recognise(program) if len(program.cost) > _TINY or options.work_limit is not None else None
    found = None
    if known is not None:
        from placement.engine.assignment.solve import solve_assignment  # with the compiler and its loops, which other programs need not wait for

        found = solve_assignment(known, options, progress, begin)
    if found is None:
        return search_program(program, options, progress, begin, proof, prices=prices)
    return found if options.work_limit is not None else _with_tree(found, program, options, progress)


def _with_tree(found: Outcome, program: Program, options: SolveOptions, progress: Progress) -> Outcome:
    """Prove without the solver what a small program's bound claims, where prices for knapsacks do not show it and time is left."""
    n_rows, n_columns = program.matrix.shape
    if found.proof is None or n_rows * n_columns > _PROVABLE or progress.left < 1.0 or progress.interrupted:
        return found
    if not gap_closed(found.objective, found.bound, options.rel_gap) or gap_closed(found.objective, proven_bound(program, found.proof), options.rel_gap):
        return found
    progress.enter("prove")
    target = found.objective - options.rel_gap * abs(found.objective)
    tree = prove(arrays(program), program, target, min(progress.left - 0.5, _PROVE_S), lambda: progress.interrupted)
    progress.enter("done")
    return replace(found, proof=replace(tree, price=found.proof.price), phases=progress.phases)
