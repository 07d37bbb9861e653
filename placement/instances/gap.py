"""Generalised assignment (GAP), as in the OR-Library and in the sets of Yagiura, Ibaraki and Glover.

Cattrysse, Salomon, Van Wassenhove, EJOR 72 (1994) 167-174; Chu, Beasley, C&OR 24 (1997) 17-23; Yagiura et al., INFORMS JoC 16 (2004) 133-151.
"""

from __future__ import annotations

from pathlib import Path

from placement.case import Case
from placement.instances.layout import Layout, Section
from placement.instances.reading import read

LAYOUT = Layout(name="gap", sections=(Section("site", ("cost",)), Section("site", ("use",)), Section("site", ("capacity",))))
MODELS = ("gap",)


def read_gap(path: str | Path, *, model: str = "gap") -> Case:
    """Return the case of a file of one problem: each job goes to one agent (site), at least total cost.

    The OR-Library's collections of several problems in one file must be cut apart first. Its gap1 to gap12 are stated there as maximisation:
    the optima on its pages are of that, not of the least cost that is sought here.

    Raises
    ------
    DataError, OptionError
        If the file is damaged or of another format; if the card is not one for such files.
    """
    return read(path, LAYOUT, MODELS, model)
