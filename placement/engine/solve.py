"""Where the engine begins: programs of assignment form go to the algorithms for that form, all others to the general search."""

from __future__ import annotations

import numpy as np

from placement.engine.assignment.detect import recognise
from placement.engine.assignment.solve import solve_assignment
from placement.engine.outcome import Outcome, Progress
from placement.engine.search import search_program
from placement.options import SolveOptions
from placement.program import Program

_TINY = 300  # columns up to which branch and bound with its proof is done before compiled code is loaded


def solve_program(program: Program, options: SolveOptions, progress: Progress, begin: np.ndarray | None = None) -> Outcome:
    """Search for a plan and a bound until the gap, the time or the user says stop.

    Parameters
    ----------
    begin
        Values of the program's columns that suggest where to begin.
    """
    known = recognise(program) if len(program.cost) > _TINY else None
    found = solve_assignment(known, options, progress, begin) if known is not None else None
    return found if found is not None else search_program(program, options, progress, begin)
