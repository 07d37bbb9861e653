"""One instance file to a case: scan it by its layout, take what the model card has. The same few lines for every format."""

from __future__ import annotations

import math
from pathlib import Path

from placement.case import Case
from placement.errors import OptionError
from placement.instances.casing import parts_of, to_case
from placement.instances.layout import Layout
from placement.instances.scan import scan


def read(path: str | Path, layout: Layout, models: tuple[str, ...], model: str, *, capacity: float | None = None, open_sites: int | None = None) -> Case:
    """Return the case that a file, a model card and options make.

    Parameters
    ----------
    models
        The cards for which files of that format have all it takes.
    capacity
        Stands in for capacities that the file leaves open.
    open_sites
        How many sites are opened, where the model fixes that.

    Raises
    ------
    DataError, OptionError
        If the file is damaged or of another format; if options and card do not fit.
    """
    parts = parts_of(model, models, layout)
    if capacity is not None and not (math.isfinite(capacity) and capacity > 0):
        raise OptionError(f"--capacity must be a number > 0, got {capacity}")
    if capacity is not None and not parts.capacity:
        raise OptionError(f"--capacity: capacities are not part of model {model}; leave it out")
    contents = scan(path, layout, capacity if parts.capacity else math.nan)
    return to_case(contents, layout, model, parts, capacity, open_sites)
