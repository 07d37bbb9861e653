"""Answers about a plan: what limits it, what one more unit is worth, why not otherwise, what if."""

from placement.explain.again import Effort
from placement.explain.prices import verified_prices
from placement.explain.waiting import BlocksRelease, blocks_release
from placement.explain.why import WhyNot, why_here, why_not

__all__ = ["BlocksRelease", "Effort", "WhyNot", "blocks_release", "verified_prices", "why_here", "why_not"]
