r"""What the sites can hold, once they are open.

.. math:: \sum_w u_{ws} x_{ws} \le C_s\, open_s

See models/README.md, section 12.
"""

from __future__ import annotations

from placement.supply.supply import Block, Supply


def build(supply: Supply) -> None:
    """Provide ``capacity``: all of it, or all of it where the site is open."""
    rows = supply.case["capacity"]
    code = {s: i for i, s in enumerate(supply.scope.sites)}
    for s, capacity in zip(rows["site"], rows["capacity"], strict=True):
        supply.provide(("capacity", code[s]), capacity * supply.decisions.get(("open", code[s]), 1))


BLOCK = Block("capacity", build, tables=("capacity",), needs=("siting",))
