"""Which workload may run where, on what and from when; every exclusion keeps its rule id."""

from placement.rules.scope import Scope

__all__ = ["Scope"]
