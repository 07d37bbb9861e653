"""Programs of any form: a start, the root relaxation, plans inside a kernel of its promising columns, HiGHS on the whole.

Order of work, measured on cases of this model (benchmarks/README.md): a plan that serves only what must be served comes first,
so that there always is one; the root gives the bound that is certified and the prices that choose the kernel. In the kernel
supply is decided with gangs continuous, then gangs are placed where they fit, and by value a few at a time where the program is
not too large for that; then neighbourhoods of the best plan, while a tree in a second process raises the bound. Small programs
go to HiGHS at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from placement.certificate import Proof, proven_bound, safe_bound
from placement.engine.confirm import confirm_infeasible
from placement.engine.earlier import MOST_LEAVES, Goal, between, regrown
from placement.engine.highs import Answer, Arrays, Floats, Run, solve
from placement.engine.kernel import Kernel, bound_to_be_served, least_columns, promising
from placement.engine.neighbourhoods import Field, combined, walk, walk_for
from placement.engine.outcome import Outcome, Progress, Status
from placement.engine.packing import packed
from placement.engine.prove import prove
from placement.engine.root import solve_root
from placement.engine.settle import Mask, Settled, gap_closed, settle
from placement.engine.start import least_plan, reduced_to_what_pays, relax_and_fix, repair, rounded, run_part, steps
from placement.engine.tree import grow
from placement.errors import OptionError
from placement.options import REL_GAP, SolveOptions
from placement.parallel import Pool, Task
from placement.program import Program

_SMALL = 2500  # integers up to which HiGHS alone is faster than building a start
_PROVE_S = 10.0  # at least this long, if the limit leaves it, goes into a proof that needs no solver
_VERIFY = 0.04  # share of the time left for recomputing the bound of a tree
_TREE_SHARE = 0.35  # of the search, for the tree where there is one worker only
_TREE_BESIDE = (0.4, 0.95)  # of the search, for the tree where it grows beside the plans, and the most while it gains; then its worker looks for plans, too
_SUPPLY_S, _SUPPLY_GAP, _ROUNDED = 60.0, 5e-3, 0.02  # for supply's decisions alone: time, gap, and what rounding them may cost of the relaxation
_STALE = 0.05  # gap from which an earlier plan is not taken only as it was, but also without what pays no more
_HEAVY = 0.4  # of the time for a tree: a root that took longer is too heavy for one
_PRICING = (0.3, 0.15)  # of the root's time, and of the limit at most: kept back for the local prices, which price all columns as the root does
_END_S = 2.0  # at least, for settling the last plan; no more after an interrupt, when somebody waits
_IDLE = 10  # rounds without gain after which plans are not looked for any more
_SLOW = 0.5  # of the time left, for placing gangs by value
_ROUND_S, _LOOSE = 25.0, 0.1  # a round of neighbourhoods; share of a round for completing plans
_LARGE_ROWS = 20_000  # rows from which a program is too large for HiGHS alone


def arrays(program: Program) -> Arrays:
    """Return the program as the solver takes it."""
    p = program
    return Arrays(p.cost, p.matrix, p.row_lower, p.row_upper, p.lower, p.upper, p.integer, p.offset)


def is_small(program: Program) -> bool:
    """Return whether HiGHS alone, and a proof by branching, are within reach."""
    return int(program.integer.sum()) <= _SMALL and len(program.row_lower) <= _LARGE_ROWS


def search_program(
    program: Program, options: SolveOptions, progress: Progress, begin: Floats | None = None, proof: Proof | None = None, *, prices: bool = True
) -> Outcome:
    """Search for a plan and a bound until the gap, the time or the user says stop; ``begin`` suggests integer values, ``proof`` is an earlier one.

    Raises
    ------
    OptionError
        If work is to be counted, which this search cannot.
    """
    if options.work_limit is not None:
        raise OptionError("work_limit counts the work of programs that assign workloads to places only; this case has more to it: use time_limit_s")
    search = _Search(program, arrays(program), options, progress, prices)
    if begin is not None and proof is not None:
        search.recall(proof)
    return search.run(begin)


Helper = Callable[[Field, Floats, float, int], Task | None]  # starts a walk in another process, or not


@dataclass
class _Search:
    """One search: the best point so far, the last plan that was settled, and the columns in play."""

    program: Program
    whole: Arrays
    options: SolveOptions
    progress: Progress
    prices: bool = True  # whether the plan's local prices are wanted
    x: Floats | None = None
    settled: Settled | None = None
    keep: Mask | None = None  # columns that settling begins with
    dual: Floats = field(default_factory=lambda: np.empty(0))
    proof: Proof | None = None  # better than the root's duals
    earlier: Proof | None = None  # of an earlier plan, whole
    root_s: float = 0.0

    def run(self, begin: Floats | None) -> Outcome:
        """Do the work in order; each step is skipped when the gap is closed or time is up."""
        small = self.small
        if not small:  # also before a warm start, which may turn out to be of no use
            self.progress.enter("start")
            self.keep = least_columns(self.program)
            self.offer(least_plan(self.program, self.whole, self.options, self.progress))
        root = self.root() if self.proof is None or small else Answer("kOptimal", begin, math.inf, -math.inf, self.dual)
        if root.infeasible and self.x is None:
            return self.infeasible(relaxed=True)
        if root.dual is not None or self.keep is None:
            self.keep = promising(self.program, self.whole, root)
        if not small and root.x is not None:
            with Pool(min(self.options.workers, 2), self.options.cluster) as pool:  # one tree, beside the plans
                self.large(self.keep, root.x, begin, pool)
        elif begin is not None:
            self.warm_start(begin, self.keep, root.x)
            if self.earlier is not None and not self.done:
                self.regrow(self.earlier)
        if not self.done:
            answer = self.branch_and_bound()
            if answer.infeasible and self.x is None:
                return self.infeasible(relaxed=False)
        return self.end(self.keep)

    def recall(self, proof: Proof) -> None:
        """Take over what an earlier proof still proves; its duals then choose the kernel."""
        self.earlier = proof
        whole = Proof.of_dual(proof.mean_dual())
        best = max((proof, whole), key=lambda p: proven_bound(self.program, p))
        bound = proven_bound(self.program, best)
        if math.isfinite(bound):
            self.proof, self.dual = best, whole.dual[0]
            self.progress.report(bound=bound)

    def large(self, keep: Mask, relaxed: Floats, begin: Floats | None, pool: Pool) -> None:
        """Look for plans in the kernel; with a second worker a tree raises the bound meanwhile, else after it (by the clock: not reproducible).

        Where the root took long, its nodes would, too: then there is no tree, and the second worker looks for plans from the start.
        """
        together, seconds = pool.workers > 1, (1 - _VERIFY) * self.progress.search_s
        grows = self.proof is None and self.root_s < _HEAVY * (_TREE_BESIDE[1] if together else _TREE_SHARE) * seconds
        tree = self.tree(pool, keep, _TREE_BESIDE[0] * seconds, _TREE_BESIDE[1] * seconds) if together and grows else None
        later_s = _TREE_SHARE * seconds if grows and not together else 0.0
        if together:  # the solver's own threads would only take the core away
            self.options = replace(self.options, workers=1)

        def proving() -> bool:
            return tree is not None and not tree.done()

        self.progress.reserve_s += later_s
        if begin is not None:
            self.warm_start(begin, keep)
        if not self.done:
            self.in_kernel(keep, relaxed, lambda field, x, s, seed: pool.start(walk_for, field, x, s, seed) if together and not proving() else None, proving)
        self.progress.enter("tree")
        self.progress.reserve_s -= later_s
        if self.progress.interrupted or gap_closed(self.progress.objective, self.progress.bound, self.options.rel_gap):
            pool.stop()  # else it goes on into the time kept back for the end, of which settling needs a part only
        if grows and tree is None and not self.done:
            seconds = (1 - _VERIFY) * self.progress.search_s
            tree = self.tree(pool, keep, seconds, seconds)
        if tree is not None:
            self.take(tree.result())

    def tree(self, pool: Pool, keep: Mask, seconds: float, most: float) -> Task:
        """Start to grow a tree, for some seconds, and for more while it gains."""
        return pool.start(grow, self.program, keep, self.dual, self.progress.bound, (seconds, most), self.options.seed)

    def regrow(self, earlier: Proof, max_leaves: int = MOST_LEAVES) -> None:
        """Go on from the tree of an earlier plan."""
        self.progress.enter("tree again")
        goal = Goal(self.offer, self._credible, self.options, self.progress)
        self.earlier = regrown(self.program, self.whole, self.dual, earlier, max_leaves, goal)
        self.take(self.earlier)

    def take(self, proof: Proof) -> None:
        """Keep the proof of a tree if it proves more than the root."""
        bound = proven_bound(self.program, proof)
        if bound >= self.progress.bound and self._credible(bound):
            self.proof = proof
            self.progress.report(bound=bound)

    @property
    def small(self) -> bool:
        """Whether HiGHS alone, and a proof by branching, are within reach."""
        return is_small(self.program)

    @property
    def done(self) -> bool:
        """Whether to stop searching."""
        return self.progress.out_of_time or gap_closed(self.progress.objective, self.progress.bound, self.options.rel_gap)

    def offer(self, x: Floats | None) -> None:
        """Take a point if it is better than the best."""
        if x is not None and (self.x is None or self.whole.value(x) < self.whole.value(self.x)):
            self.x = x
            self.progress.report(objective=self.whole.value(x))

    def settle(self, x: Floats, keep: Mask, seconds: float, last: bool = False) -> None:
        """Complete a point exactly and offer it; what that took is kept back for the end. The ``last`` one is the one for the prices."""
        began = self.progress.elapsed
        found = settle(self.whole, x, keep, seconds, self.progress, self.program.loose if last else None)
        self.progress.reserve_s = max(self.progress.reserve_s, 1.3 * (self.progress.elapsed - began))
        if found is not None and self._better(found, last):
            self.settled = found
            self.offer(found.x)

    def _better(self, found: Settled, last: bool) -> bool:
        """Whether to take a settled plan: one without prices must be better than one with them; the last may differ by rounding, for the sake of its prices."""
        if self.settled is None:
            return True
        value = self.whole.value(self.settled.x)
        gain = value - self.whole.value(found.x)
        return gain > 0 if self.settled.exact and not found.exact else gain >= (-1e-9 * abs(value) if last else 0.0)

    def root(self) -> Answer:
        """Solve the relaxation: at once where the program is small, by column generation otherwise."""
        self.progress.enter("root")
        began = self.progress.elapsed
        if self.small:
            run = Run(time_limit_s=self.progress.search_s, seed=self.options.seed, threads=self.options.workers)
            answer = solve(self.whole.relaxed(), run, watch=self._interrupted)
            # any multipliers prove a bound: without any from the solver, none at all still prove the sum of the best ends of the columns
            self.dual = answer.dual if answer.dual is not None else np.zeros(len(self.whole.row_lower))
        else:
            found = solve_root(self.program, self.options, self.progress)
            answer, self.dual = found.answer, found.dual
        if not answer.infeasible:
            self.progress.report(bound=safe_bound(self.program, self.dual))
        self.root_s = self.progress.elapsed - began
        if self.prices and not self.small:
            self.progress.reserve_s = max(self.progress.reserve_s, min(_PRICING[0] * self.root_s, _PRICING[1] * self.options.time_limit_s))
        return answer

    def warm_start(self, begin: Floats, keep: Mask, relaxed: Floats | None = None) -> None:
        """Use an earlier plan as it was, or what can be kept of it; the summary's phases say which."""
        self.progress.enter("warm start")
        self.settle(begin, keep, 0.3 * self.progress.search_s)
        used = "as it was"
        if self.progress.gap > _STALE and not self.done:
            before = self.settled
            left_out = reduced_to_what_pays(self.program, self.whole, begin, keep, 0.3 * self.progress.search_s, self.progress)
            if left_out is not None:
                self.settle(left_out, keep | (left_out > self.whole.lower), 0.3 * self.progress.search_s)
            used = used if self.settled is before else "what of it still pays"
        if self.settled is None and relaxed is not None and not self.progress.interrupted:
            used = "where the relaxation agrees"
            self.start_between(begin, keep, relaxed)
        if self.settled is None and not self.progress.interrupted:
            rough = repair(Kernel.of(keep | (begin > 0), self.program, self.whole), begin, self.options, self.progress)
            if rough is not None:
                self.settle(rough, keep, 0.3 * self.progress.search_s)
            used = "repaired"
        if self.settled is None:
            used = "not used: no plan keeps any of it"
        self.progress.phases[-1]["start"] = used

    def start_between(self, begin: Floats, keep: Mask, relaxed: Floats) -> None:
        """Start where an earlier plan and the relaxation agree; before that, see whether the earlier tree as it stands already says enough."""
        if self.earlier is not None:
            self.regrow(self.earlier, max_leaves=1)
            self.progress.enter("warm start")
        if not self.done:
            near = between(self.whole, begin, relaxed, self.options, self.progress)
            if near is not None:
                self.settle(near, keep | (near > self.whole.lower), 0.3 * self.progress.search_s)

    def in_kernel(self, keep: Mask, relaxed: Floats, help: Helper, proving: Callable[[], bool]) -> None:
        """Look for better plans among the promising columns, until a round brings nothing and no tree is at work; what settling adds to them is kept."""
        if self.settled is None:
            self.first_plans(Kernel.of(keep, self.program, self.whole), relaxed[keep])
        idle, n = 0, 0
        while self.x is not None and not self.done and (idle < 1 or proving()) and idle < _IDLE:
            before, n = self.whole.value(self.x), n + 1
            self.round(keep, n, help)
            idle = 0 if self.whole.value(self.x) < before - 1e-6 * abs(before) else idle + 1

    def first_plans(self, k: Kernel, relaxed: Floats) -> None:
        """Place gangs where they fit, then by value where there is time for it; the columns that settling adds are those that later plans need."""
        x = self.supply_first(k, relaxed)
        began = self.progress.elapsed
        rough = self.where_they_fit(k, x)
        took = self.progress.elapsed - began
        if took * steps(k) < _SLOW * self.progress.search_s:  # each step solves at least one program as large as those that gangs were fitted around
            by_value = relax_and_fix(k, self.options, self.progress, x)
            rough = rough if by_value is None else by_value
        if rough is not None:
            self.settle(rough, k.keep, min(30.0, 0.2 * self.progress.search_s))

    def where_they_fit(self, k: Kernel, x: Floats | None) -> Floats | None:
        """Return a point of the whole with gangs placed one after another, given one with supply decided."""
        if x is None or self.done:
            return None
        self.progress.enter("gangs where they fit")
        reduced = self.program.cost[k.keep] - k.whole.matrix[:, k.keep].T @ self.dual
        found = packed(k, np.where(k.supply, np.round(x), x), reduced, bound_to_be_served(self.program), self.options, self.progress)
        if found is None:
            return None
        self.offer(k.lift(found))
        return k.lift(found)

    def supply_first(self, k: Kernel, relaxed: Floats) -> Floats | None:
        """Return a kernel point with gangs continuous and supply's decisions rounded from the relaxation, by HiGHS where rounding costs much; or None."""
        self.progress.enter("supply first")
        loose = k.loose()
        x = rounded(loose, relaxed, self.options, self.progress)
        if x is not None and gap_closed(loose.part.value(x), loose.part.value(relaxed), _ROUNDED):
            return x
        seconds = min(_SUPPLY_S, (0.3 if x is None else 0.05) * self.progress.search_s)  # what branching adds to rounding is little, and late
        return run_part(loose.part, seconds, _SUPPLY_GAP, self.options, self.progress, x)

    def round(self, keep: Mask, n: int, help: Helper) -> None:
        """Search the neighbourhoods of the best plan, in two processes if one is free, and settle what they find together."""
        assert self.x is not None
        self.progress.enter("neighbourhoods")
        if self.settled is not None:
            keep = keep | (self.settled.keep & ~self.whole.integer)
        k = Kernel.of(keep | (self.program.workload < 0) | (self.x > self.whole.lower), self.program, self.whole)
        field, begin, seed = Field.of(k), self.x[k.keep], self.options.seed + 1000 * n
        until = self.progress.elapsed + min(_ROUND_S, self.progress.search_s)

        def left() -> float:
            return 0.0 if self.done else until - self.progress.elapsed

        other = help(field, begin, left(), seed + 1)
        x = walk(field, begin, left, seed, lambda value: self.progress.report(objective=value))
        if other is not None:
            x = combined(k.part, begin, x, other.result(), _LOOSE * _ROUND_S)
        self.offer(k.lift(x))
        if not self.done:
            self.settle(k.lift(x), k.keep, _LOOSE * _ROUND_S)

    def branch_and_bound(self) -> Answer:
        """Give the whole program and the best plan to HiGHS for the time that is left."""
        self.progress.enter("branch and bound")
        run = Run(time_limit_s=self.progress.search_s, rel_gap=self.options.rel_gap, seed=self.options.seed, threads=self.options.workers)
        answer = solve(self.whole, run, self.x, self._watch)
        self.offer(answer.x)
        if not answer.infeasible and self._credible(answer.bound):
            self.progress.report(bound=answer.bound)
        return answer

    def end(self, keep: Mask) -> Outcome:
        """Settle the best point; status and gap follow from what it truly costs."""
        progress = self.progress
        if self.x is not None:
            progress.enter("settle")
            if self.settled is not None:
                keep = keep | self.settled.keep
            if self.prices or self.settled is None or not self.settled.exact or self.whole.value(self.x) < self.whole.value(self.settled.x):
                seconds = _END_S if progress.interrupted else max(progress.left - progress.tables_s, _END_S)
                self.settle(self.x, keep | (self.x > self.whole.lower), seconds, last=True)
        objective, status, proof = math.inf, Status.NO_PLAN, self.proof or Proof.of_dual(self.dual)
        if self.settled is not None:
            objective = self.whole.value(self.settled.x)
            proof = self.prove(objective)
            status = Status.OPTIMAL if gap_closed(objective, progress.bound, min(self.options.rel_gap, REL_GAP)) else Status.FEASIBLE
        progress.enter("done")
        priced = self.prices and self.settled is not None and self.settled.exact  # else columns are left that would pay: the prices are not those of the plan
        untold = "not asked for" if not self.prices else "interrupted" if progress.interrupted else "time limit"
        return Outcome(
            status=status, objective=objective, bound=progress.bound, x=self.settled.x if self.settled else None, proof=proof,
            price=self.settled.price if self.settled and priced else None, unpriced="" if priced else untold,
            phases=progress.phases, interrupted=progress.interrupted,
        )  # fmt: skip

    def prove(self, objective: float) -> Proof:
        """Return a proof of the bound; for small programs one that closes the gap by branching, if time allows and no earlier one was taken over."""
        proof, progress = Proof.of_dual(self.dual), self.progress
        if self.proof is not None and proven_bound(self.program, self.proof) > proven_bound(self.program, proof):
            proof = self.proof
        if self.small and self.proof is None and not gap_closed(objective, safe_bound(self.program, self.dual), self.options.rel_gap):
            progress.enter("prove")
            seconds = min(progress.left, max(_PROVE_S, 2 * progress.elapsed))
            target = objective - self.options.rel_gap * abs(objective)
            proof = prove(self.whole, self.program, target, seconds, lambda: progress.interrupted, dual=self.dual)
            progress.report(bound=min(proven_bound(self.program, proof), objective))
        return proof

    def infeasible(self, *, relaxed: bool) -> Outcome:
        """Return what can be shown of a claim that there is no plan, or none even of the relaxation."""
        return confirm_infeasible(self.program, self.whole, self.progress, self.dual, self.earlier, relaxed=relaxed, by_branching=self.small)

    def _interrupted(self, objective: float, bound: float) -> bool:
        return self.progress.interrupted

    def _watch(self, objective: float, bound: float) -> bool:
        progress = self.progress
        bound = bound if self._credible(bound) else -math.inf
        if objective < progress.objective or bound > progress.bound + 1e-9 * abs(progress.bound):
            progress.report(objective, bound)
        return progress.out_of_time

    def _credible(self, bound: float) -> bool:
        """Whether a claimed bound does not contradict the plan in hand."""
        return math.isfinite(bound) and (self.x is None or bound <= self.whole.value(self.x) + 1e-6 * max(1.0, abs(bound)))
