"""The fibre graph: delays, shortest routes, alternatives."""

from placement.fibre.delay import reach_km, round_trip_ms
from placement.fibre.disjoint import Pair
from placement.fibre.graph import FibreGraph
from placement.fibre.routing import Routing

__all__ = ["FibreGraph", "Pair", "Routing", "reach_km", "round_trip_ms"]
