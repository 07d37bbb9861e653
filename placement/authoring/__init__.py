"""Making cases: commented templates from the cases that ship, and the way between folders and spreadsheets."""

from __future__ import annotations

from placement.authoring.command import converted, initiated
from placement.authoring.shipped import shipped

__all__ = ["converted", "initiated", "shipped"]
