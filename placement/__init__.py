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
    from placement.errors import DataError, FormulationError, OptionError, PlacementError, SolverError, StartWarning
    from placement.explain import (
        Alternatives,
        BlocksRelease,
        Effort,
        Expansion,
        WhyNot,
        alternatives,
        blocks_release,
        bottlenecks,
        expansion,
        verified_prices,
        why_here,
        why_not,
    )
    from placement.explain.compare import Comparison, compare
    from placement.explain.infeasible import InfeasibleReport, explain_infeasible
    from placement.explain.pages import pareto_page, tornado_page
    from placement.explain.pareto import pareto
    from placement.explain.sweep import sweep
    from placement.explain.tornado import tornado
    from placement.instances import read_instance
    from placement.notebook import case_html, plan_html
    from placement.plan.checker import Verdict
    from placement.plan.plan import Plan
    from placement.plot import PlanPlots
    from placement.reference import to_pyomo
    from placement.run import check, read_plan, write_plan
    from placement.solving import solve

#: module -> its public names; loaded on first use, so that `import placement` and `placement --help` stay quick
_PUBLIC = {
    "placement.case": ("Case", "read_case"),
    "placement.engine": ("Status",),
    "placement.errors": ("DataError", "FormulationError", "OptionError", "PlacementError", "SolverError", "StartWarning"),
    "placement.explain": (
        "Alternatives", "BlocksRelease", "Effort", "Expansion", "WhyNot", "alternatives", "blocks_release", "bottlenecks", "expansion", "verified_prices",
        "why_here", "why_not",
    ),
    "placement.explain.compare": ("Comparison", "compare"),
    "placement.explain.infeasible": ("InfeasibleReport", "explain_infeasible"),
    "placement.explain.pages": ("pareto_page", "tornado_page"),
    "placement.explain.pareto": ("pareto",),
    "placement.explain.sweep": ("sweep",),
    "placement.explain.tornado": ("tornado",),
    "placement.instances": ("read_instance",),
    "placement.notebook": ("case_html", "plan_html"),
    "placement.plan.checker": ("Verdict",),
    "placement.plan.plan": ("Plan",),
    "placement.plot": ("PlanPlots",),
    "placement.reference": ("to_pyomo",),
    "placement.run": ("check", "read_plan", "write_plan"),
    "placement.solving": ("solve",),
}  # fmt: skip
_WHERE = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = [
    "Alternatives", "BlocksRelease", "Case", "Comparison", "DataError", "Effort", "Expansion", "FormulationError", "InfeasibleReport", "OptionError",
    "PlacementError", "Plan", "PlanPlots", "SolverError", "StartWarning", "Status", "Verdict", "WhyNot", "alternatives", "blocks_release", "bottlenecks",
    "case_html", "check", "compare", "expansion", "explain_infeasible", "pareto", "pareto_page", "plan_html", "read_case", "read_instance", "read_plan",
    "solve", "sweep", "to_pyomo", "tornado", "tornado_page", "verified_prices", "why_here", "why_not", "write_plan",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'placement' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
