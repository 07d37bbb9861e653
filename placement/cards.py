"""Model cards: which blocks a model has and how the objective weighs its terms. Names and numbers, never expressions."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from placement.errors import FormulationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One model of the catalogue."""

    name: str
    title: str
    blocks: tuple[str, ...]
    weights: Mapping[str, float] = field(default_factory=dict)


def _folder() -> Path:
    here = Path(__file__).parent
    installed = here / "catalogue"  # package data of an installed placement
    return installed if installed.is_dir() else here.parent / "models"


@cache
def cards() -> Mapping[str, Card]:
    """Return every card by name.

    Raises
    ------
    FormulationError
        If the installation holds no cards.
    """
    found = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(_folder().glob("*.toml"))]
    if not found:
        raise FormulationError(f"no model cards in {_folder()}; install placement again")
    return {c["name"]: Card(name=c["name"], title=c["title"], blocks=tuple(c["blocks"]), weights=c["weights"]) for c in found}


def card(name: str) -> Card:
    """Return the card of that name.

    Raises
    ------
    FormulationError
        If there is none; the message lists those there are.
    """
    try:
        return cards()[name]
    except KeyError:
        remedy = "correct model in case.toml or --model"
        raise FormulationError(f"unknown model '{name}'; known models: {', '.join(cards())}; {remedy}") from None
