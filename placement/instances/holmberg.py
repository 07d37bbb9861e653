"""Facility location in the format of Holmberg, Ronnqvist and Yuan (EJOR 113 (1999) 544-559); Yang, Chu and Chen (EJOR 221 (2012) 521-532) use it too.

Many of the published copies are padded with NUL bytes, p47 even has stray numbers behind them: the file ends at the first NUL. The cost
is for all of a customer's demand.
"""

from __future__ import annotations

from pathlib import Path

from placement.case import Case
from placement.instances.layout import Layout, Section
from placement.instances.reading import read

LAYOUT = Layout(
    name="holmberg",
    sections=(Section("site", ("capacity", "opening")), Section("workload", ("demand",)), Section("site", ("cost",))),
    ends=b"\0",
)  # fmt: skip
MODELS = ("sscflp", "cflp", "uflp", "p_median")


def read_holmberg(path: str | Path, *, model: str = "sscflp", open_sites: int | None = None) -> Case:
    """Return the case of a file.

    Raises
    ------
    DataError, OptionError
        If the file is damaged or of another format; if options and card do not fit.
    """
    return read(path, LAYOUT, MODELS, model, open_sites=open_sites)
