"""A plan for people: one self-contained HTML page (:func:`render`) and a short text for the terminal."""

from __future__ import annotations

from placement.report.page import render
from placement.report.terminal import terminal_summary

__all__ = ["render", "terminal_summary"]
