"""Answers about a plan: what limits it, what one more unit is worth, why not otherwise, what if."""

from placement.explain.again import Effort

__all__ = ["Effort"]
