"""Demand columns: one per way to serve a workload, as arrays."""

from placement.demand.columns import Columns, Keys, concatenate
from placement.demand.registry import build_demand

__all__ = ["Columns", "Keys", "build_demand", "concatenate"]
