"""Single-source facility location in the format of Diaz and Fernandez (JORS 53 (2002) 728-740): customers come first.

p43 ends with the end-of-file byte of DOS (0x1A), at which reading stops. The cost is for all of a customer's demand.
"""

from __future__ import annotations

from pathlib import Path

from placement.case import Case
from placement.instances.layout import Layout, Section
from placement.instances.reading import read

LAYOUT = Layout(
    name="diaz",
    sizes=("workload", "site"),
    sections=(Section("workload", ("cost",)), Section("workload", ("demand",)), Section("site", ("opening",)), Section("site", ("capacity",))),
    ends=b"\x1a",
)  # fmt: skip
MODELS = ("sscflp", "cflp", "uflp", "p_median")


def read_diaz(path: str | Path, *, model: str = "sscflp", open_sites: int | None = None) -> Case:
    """Return the case of a file.

    Raises
    ------
    DataError, OptionError
        If the file is damaged or of another format; if options and card do not fit.
    """
    return read(path, LAYOUT, MODELS, model, open_sites=open_sites)
