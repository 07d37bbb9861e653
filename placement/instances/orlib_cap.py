"""Capacitated warehouse location as in the OR-Library: cap41 .. cap134, and capa, capb, capc, whose capacities are left open.

Beasley, EJOR 33 (1988) 314-325. The cost is for all of a customer's demand.
"""

from __future__ import annotations

from pathlib import Path

from placement.case import Case
from placement.instances.layout import Layout, Section
from placement.instances.reading import read

LAYOUT = Layout(name="orlib-cap", sections=(Section("site", ("capacity", "opening")), Section("workload", ("demand", "cost"))), blank_capacity=b"capacity")
MODELS = ("cflp", "sscflp", "uflp", "p_median")


def read_orlib_cap(path: str | Path, *, model: str = "cflp", capacity: float | None = None, open_sites: int | None = None) -> Case:
    """Return the case of a file; ``capacity`` stands in for the word ``capacity`` of capa, capb and capc.

    Raises
    ------
    DataError, OptionError
        If the file is damaged or of another format, or needs a capacity that is not given; if options and card do not fit.
    """
    return read(path, LAYOUT, MODELS, model, capacity=capacity, open_sites=open_sites)
