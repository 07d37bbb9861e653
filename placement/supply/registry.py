"""The blocks in building order: adding a layer is one file and one line here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from placement.errors import FormulationError
from placement.rules import Scope
from placement.supply import (
    capacity,
    capital,
    carbon,
    chips,
    clean,
    community,
    contracts,
    cooling,
    curtailment,
    demand_charges,
    domestic,
    fibre,
    filler,
    gates,
    generation,
    grid,
    grid_queue,
    land,
    mix,
    permits,
    presence,
    redundancy,
    releases,
    shifting,
    sites,
    siting,
    spill,
    stages,
    storage,
    tranches,
    waves,
)
from placement.supply.supply import Block, Supply

BLOCKS: tuple[Block, ...] = (
    sites.BLOCK,
    grid.BLOCK,
    contracts.BLOCK,
    demand_charges.BLOCK,
    curtailment.BLOCK,
    generation.BLOCK,
    storage.BLOCK,
    spill.BLOCK,
    carbon.BLOCK,
    clean.BLOCK,
    mix.BLOCK,
    chips.BLOCK,
    stages.BLOCK,
    domestic.BLOCK,
    grid.LIMITS,
    community.BLOCK,
    grid_queue.BLOCK,
    permits.BLOCK,
    gates.BLOCK,
    land.BLOCK,
    cooling.BLOCK,
    fibre.BLOCK,
    waves.BLOCK,
    releases.BLOCK,
    presence.BLOCK,
    shifting.BLOCK,
    redundancy.BLOCK,
    filler.BLOCK,
    siting.BLOCK,
    capacity.BLOCK,
    tranches.BLOCK,
    capital.BLOCK,  # the last: it adds up what the others spend
)


def build_supply(scope: Scope, wanted: Collection[tuple[Any, ...]], names: Sequence[str] | None = None) -> Supply:
    """Build the supply side of a case.

    Parameters
    ----------
    wanted
        Resource keys that columns use.
    names
        Blocks that the model card lists; default: all. A block whose tables are absent is skipped.

    Raises
    ------
    FormulationError
        If a name is unknown, or a block comes before one that it needs.
    """
    known = [b.name for b in BLOCKS]
    unknown = set(names or ()) - set(known)
    if unknown:
        raise FormulationError(f"unknown block {sorted(unknown)}; known blocks: {', '.join(known)}")
    supply = Supply(scope, wanted)
    done: set[str] = set()
    for block in BLOCKS:
        if (names is not None and block.name not in names) or not block.active(scope.case):
            continue
        late = [n for n in block.needs if n not in done and next(b for b in BLOCKS if b.name == n).active(scope.case)]
        if late:
            raise FormulationError(f"block '{block.name}' needs {late} before it; put them on the card")
        supply.layer = block.name
        block.build(supply)
        done.add(block.name)
    return supply
