"""Where AI training and inference run, and what to build and buy for it: certified plans.

>>> import placement
>>> case = placement.read_case("data/three-sites")          # doctest: +SKIP
>>> plan = placement.solve(case, time_limit_s=60)           # doctest: +SKIP
>>> plan.training, plan.kpis, plan.gap                      # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from placement.case import Case, read_case
    from placement.engine import Status
    from placement.errors import DataError, FormulationError, OptionError, PlacementError, SolverError
    from placement.explain import Effort
    from placement.explain.infeasible import InfeasibleReport, explain_infeasible
    from placement.instances import read_instance
    from placement.plan.checker import Verdict
    from placement.plan.plan import Plan
    from placement.program import to_pyomo
    from placement.run import check, read_plan, write_plan
    from placement.solving import solve

#: public name -> module; loaded on first use, so that `import placement` and `placement --help` stay quick
_WHERE = {
    "Case": "placement.case", "read_case": "placement.case", "read_instance": "placement.instances", "Status": "placement.engine",
    "Verdict": "placement.plan.checker", "Plan": "placement.plan.plan", "to_pyomo": "placement.program", "solve": "placement.solving",
    "check": "placement.run", "read_plan": "placement.run", "write_plan": "placement.run", "PlacementError": "placement.errors",
    "DataError": "placement.errors", "FormulationError": "placement.errors", "OptionError": "placement.errors", "SolverError": "placement.errors",
    "Effort": "placement.explain", "InfeasibleReport": "placement.explain.infeasible", "explain_infeasible": "placement.explain.infeasible",
}  # fmt: skip

__all__ = [
    "Case", "DataError", "Effort", "FormulationError", "InfeasibleReport", "OptionError", "PlacementError", "Plan", "SolverError", "Status", "Verdict",
    "check", "explain_infeasible", "read_case", "read_instance", "read_plan", "solve", "to_pyomo", "write_plan",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'placement' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
