"""Answers about a plan: what limits it, what one more unit is worth, why not otherwise, what if."""

from placement.explain.again import Effort
from placement.explain.existing import Expansion, expansion
from placement.explain.near_best import Alternatives, alternatives
from placement.explain.prices import verified_prices
from placement.explain.relief import bottlenecks
from placement.explain.waiting import BlocksRelease, blocks_release
from placement.explain.why import WhyNot, why_here, why_not

__all__ = [
    "Alternatives", "BlocksRelease", "Effort", "Expansion", "WhyNot", "alternatives", "blocks_release", "bottlenecks", "expansion",
    "verified_prices", "why_here", "why_not",
]  # fmt: skip
