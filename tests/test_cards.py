"""The model cards: names and numbers that fit the blocks there are."""

from __future__ import annotations

import math
import tomllib

import pytest

from placement import cards as module
from placement.cards import card, cards
from placement.case.settings import TERMS
from placement.errors import FormulationError


def test_every_card_fits_the_code():
    """Blocks exist, each once; weights are of cost terms and finite; the name is the file's name."""
    from placement.supply import BLOCKS

    known = {block.name for block in BLOCKS}
    assert "placement" in cards()
    for name, c in cards().items():
        assert (module._folder() / f"{name}.toml").is_file() and c.name == name and c.title
        assert set(c.blocks) <= known and len(set(c.blocks)) == len(c.blocks)
        assert set(c.weights) <= set(TERMS)
        assert all(math.isfinite(w) for w in c.weights.values())


def test_a_card_holds_no_expressions():
    """A card is names and numbers; a text that looks like a formula has no place in it."""
    for path in sorted(module._folder().glob("*.toml")):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        assert set(raw) == {"name", "title", "blocks", "weights"}
        assert all(isinstance(w, (int, float)) for w in raw["weights"].values())


def test_the_main_card_has_every_block():
    """The main model leaves no layer and no cost out."""
    from placement.supply import BLOCKS

    assert set(card("placement").blocks) == {block.name for block in BLOCKS}
    assert set(card("placement").weights) == set(TERMS)


@pytest.mark.parametrize("name", ["gap", "sscflp", "cflp", "uflp", "p_median"])
def test_cards_of_published_problems(name):
    """They consist of priced placements: a weight for those, and for opening where sites are opened."""
    c = card(name)
    assert set(c.blocks) <= {"siting", "capacity"}
    assert set(c.weights) == {"placing"} | ({"opening"} if "siting" in c.blocks else set())


def test_an_unknown_card_is_refused_with_those_there_are():
    """The message helps to find the right name."""
    with pytest.raises(FormulationError, match=r"unknown model 'palcement'; known models: .*placement"):
        card("palcement")


def test_an_installation_without_cards_says_so(tmp_path, monkeypatch):
    """A broken installation is not an unknown model."""
    cards.cache_clear()
    monkeypatch.setattr(module, "_folder", lambda: tmp_path)
    try:
        with pytest.raises(FormulationError, match="no model cards in"):
            cards()
    finally:
        cards.cache_clear()
