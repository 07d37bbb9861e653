"""Open solvers and `placement` side by side on the same published instances: same file, wall clock, cores and stopping gap.

``python -m benchmarks.peers SUITE --time-limit 60 --cores 1 --solvers highs,scip,cpsat,cbc,placement --out benchmarks/results/peers.jsonl``

Every run is a process of its own. What a solver claims to cost is not believed: the value of a run is recomputed from its assignment
(:mod:`benchmarks.peers.problem`), and a point that breaks a capacity, an opening decision or integrality counts as no plan. Bounds are taken as claimed.
"""
