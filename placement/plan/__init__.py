"""Plans: tables, key figures, prices, the independent checker, and the run folder.

Nothing is imported here, so that the checker can be loaded without the solver.
"""
