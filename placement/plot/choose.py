"""What a figure is asked about: a site, a period, an accelerator, by the id it has in the case."""

from __future__ import annotations

from collections.abc import Iterable

from placement.case import Case
from placement.case.findings import did_you_mean
from placement.errors import OptionError


def chosen(name: object, known: Iterable[str], what: str) -> str:
    """Return the id, if it is one.

    Raises
    ------
    OptionError
        If the case has no such thing.
    """
    ids = list(known)
    if not isinstance(name, str) or name not in ids:
        raise OptionError(f"there is no {what} '{name}'. {did_you_mean(str(name), ids)}")
    return name


def period_of(case: Case, period: str | int | None) -> int:
    """Return the index of a period: of a label, of an index (negative ones count from the end), the last one for ``None``.

    Raises
    ------
    OptionError
        If the horizon has no such period.
    """
    if period is None:
        return case.n_periods - 1
    if isinstance(period, str) and period in case.periods:
        return case.periods.index(period)
    if isinstance(period, int) and not isinstance(period, bool) and -case.n_periods <= period < case.n_periods:
        return period % case.n_periods
    raise OptionError(f"there is no period '{period}'; the horizon runs from {case.periods[0]} to {case.periods[-1]}, or 0 to {case.n_periods - 1}")
