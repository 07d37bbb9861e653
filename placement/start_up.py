"""Pyomo without what nobody here uses of SciPy: imported before Pyomo is, it takes a third off the time in which a command or a worker is ready."""

from __future__ import annotations

import sys
from types import ModuleType

_UNUSED = ("scipy.stats", "scipy.integrate", "scipy.spatial")


def _find_scipy() -> None:
    """Have Pyomo look for SciPy while empty modules stand in for parts of it: it imports them all, to be sure that they are there.

    The stand-ins go at once, so that whoever imports those parts later gets them as ever.
    """
    absent = [name for name in _UNUSED if name not in sys.modules]
    sys.modules.update({name: ModuleType(name) for name in absent})
    try:
        from pyomo.common.dependencies import scipy_available

        bool(scipy_available)  # which is when Pyomo imports SciPy
    finally:
        for name in absent:
            del sys.modules[name]


if "pyomo.common.dependencies" not in sys.modules:
    _find_scipy()
