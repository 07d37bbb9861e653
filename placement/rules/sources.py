"""What is said of the source of energy: carbon and clean share of the grid, of contracts and of generators."""

from __future__ import annotations

import pandas as pd

from placement.case import Case


def of_source(case: Case, energy: pd.DataFrame, of_grid: str, of_others: str) -> pd.Series:
    """Return a figure of the source of each row of energy taken.

    Parameters
    ----------
    energy
        Columns site, period (index), block and source (``grid``, ``ppa:<id>``, ``generator:<id>``).
    of_grid, of_others
        The column of ``tariffs``, and that of ``ppas`` and ``generators``.

    Returns
    -------
    Series
        With the index of ``energy``; NaN for grid energy of a zone without a tariff.
    """
    zone = case["sites"].set_index("site")["zone"]
    key = pd.MultiIndex.from_arrays([energy["site"].map(zone), energy["period"], energy["block"]])
    grid = pd.Series(case["tariffs"].set_index(["zone", "period", "block"])[of_grid].reindex(key).to_numpy(), index=energy.index)
    own = {f"ppa:{p}": x for p, x in case["ppas"][["ppa", of_others]].itertuples(index=False)}
    own |= {f"generator:{g}": x for g, x in case["generators"][["generator", of_others]].itertuples(index=False)}
    return energy["source"].map(own).astype(float).fillna(grid.astype(float))
