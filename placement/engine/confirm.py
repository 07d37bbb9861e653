"""A claim that there is no plan is believed only with a proof, or when a second configuration of the solver agrees: HiGHS has been wrong."""

from __future__ import annotations

import math
from dataclasses import replace

from placement.certificate import Proof, proven_bound, proves_infeasible
from placement.engine.highs import Arrays, Floats, Run, dual_ray, solve
from placement.engine.outcome import Outcome, Progress, Status
from placement.engine.prove import prove
from placement.program import Program

_LEAST_S = 2.0  # for each way to confirm, whatever time is left


def confirm_infeasible(
    program: Program, whole: Arrays, progress: Progress, dual: Floats, earlier: Proof | None, *, relaxed: bool, by_branching: bool
) -> Outcome:
    """Return an outcome that says infeasible and why it is believed, or that there is no plan.

    Parameters
    ----------
    whole
        The program as the solver takes it.
    dual, earlier
        Prices and an earlier proof that branching begins with.
    relaxed
        Whether already the relaxation was found infeasible.
    by_branching
        Whether the program is small enough for a proof by branching.
    """
    progress.enter("confirm infeasible")
    claimed = whole.relaxed() if relaxed else whole
    run = Run(time_limit_s=max(progress.search_s, _LEAST_S), presolve=False, seed=12345)
    ray, tree = dual_ray(whole, run), None
    proof = "dual ray verified without the solver" if ray is not None and proves_infeasible(program, ray) else ""
    if not proof and by_branching:
        seconds = max(progress.search_s, _LEAST_S)
        tree = prove(whole, program, math.inf, seconds, lambda: progress.interrupted, dual=dual, earlier=earlier)
        proof = "branching tree verified without the solver" if proven_bound(program, tree) == math.inf else ""
    if not proof and solve(claimed, replace(run, time_limit_s=max(progress.search_s, _LEAST_S)), watch=lambda o, b: progress.interrupted).infeasible:
        proof = "claimed by two solver configurations"
    progress.enter("done")
    return Outcome(
        status=Status.INFEASIBLE if proof else Status.NO_PLAN, objective=math.inf, bound=math.inf if proof else -math.inf,
        infeasible_by=proof, proof=tree, phases=progress.phases, interrupted=progress.interrupted,
    )  # fmt: skip
