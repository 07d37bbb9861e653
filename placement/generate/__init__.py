"""Larger and smaller cases with the structure of a real one: seeded resampling, every row marked as generated."""

from placement.generate.command import generate_into
from placement.generate.generate import generate
from placement.generate.size import SIZES, Size

__all__ = ["SIZES", "Size", "generate", "generate_into"]
