"""A case: the tables and few numbers that a plan depends on, read from a folder and checked as a whole."""

from __future__ import annotations

from placement.case.case import Block, Case
from placement.case.describe import schema_markdown
from placement.case.reading import read_case

__all__ = ["Block", "Case", "read_case", "schema_markdown"]
