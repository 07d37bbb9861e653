"""The engine: bounds and plans for a :class:`placement.program.Program`; it knows nothing of the domain."""

from placement.engine.outcome import Outcome, Progress, Status
from placement.engine.search import solve_program

__all__ = ["Outcome", "Progress", "Status", "solve_program"]
