"""The fibre graph: delays, shortest routes, alternatives."""

from placement.fibre.delay import round_trip_ms
from placement.fibre.graph import FibreGraph

__all__ = ["FibreGraph", "round_trip_ms"]
