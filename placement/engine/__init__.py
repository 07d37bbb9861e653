"""The engine: bounds and plans for a :class:`placement.program.Program`; it knows nothing of the domain."""

from placement.engine.outcome import Event, Outcome, Progress, Status, relative_gap
from placement.engine.solve import solve_program

__all__ = ["Event", "Outcome", "Progress", "Status", "relative_gap", "solve_program"]
