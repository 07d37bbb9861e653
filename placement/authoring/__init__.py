"""Making cases: commented templates from the cases that ship, and the way between folders and spreadsheets."""

from __future__ import annotations

from placement.authoring.command import converted, initiated
from placement.authoring.comments import comments_of
from placement.authoring.shipped import shipped

__all__ = ["comments_of", "converted", "initiated", "shipped"]
