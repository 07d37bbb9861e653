"""What can be built and bought: one Pyomo block per layer."""

from placement.supply.registry import BLOCKS, build_supply
from placement.supply.supply import Supply

__all__ = ["BLOCKS", "Supply", "build_supply"]
