"""Figures of a plan (``plan.plot``): matplotlib's own, for notebooks, papers and slides. Needs ``pip install 'placement[plot]'``."""

from __future__ import annotations

from placement.plot.accessor import PlanPlots

__all__ = ["PlanPlots"]
