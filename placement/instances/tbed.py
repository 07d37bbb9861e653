"""Facility location in the format of the TBED1 set of Avella and Boccia (COAP 43 (2009) 39-65).

The cost is per unit of demand, unlike in the other formats; the reader multiplies.
"""

from __future__ import annotations

from pathlib import Path

from placement.case import Case
from placement.instances.layout import Layout, Section
from placement.instances.reading import read

LAYOUT = Layout(
    name="tbed",
    sections=(Section("workload", ("demand",)), Section("site", ("capacity",)), Section("site", ("opening",)), Section("site", ("cost",))),
    per_unit=True,
)  # fmt: skip
MODELS = ("sscflp", "cflp", "uflp", "p_median")


def read_tbed(path: str | Path, *, model: str = "sscflp", open_sites: int | None = None) -> Case:
    """Return the case of a file.

    Raises
    ------
    DataError, OptionError
        If the file is damaged or of another format; if options and card do not fit.
    """
    return read(path, LAYOUT, MODELS, model, open_sites=open_sites)
