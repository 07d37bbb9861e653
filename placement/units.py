"""Conversions between the units of the tables and the units of the model (MW, M$, hours, periods)."""

from __future__ import annotations

import re

HOURS_PER_YEAR = 8766.0  # 365.25 days: mean Julian year
MONTHS_PER_YEAR = 12
MONTHS_PER_QUARTER = 3
HOURS_PER_DAY = 24
HOURS_PER_MONTH = HOURS_PER_YEAR / 12
DAYS_PER_MONTH = HOURS_PER_MONTH / 24
SECONDS_PER_DAY = 86_400.0
USD_PER_MUSD = 1e6
KW_PER_MW = 1e3
MWH_PER_GWH = 1e3
BYTES_PER_GB = 1e9
KG_PER_T = 1e3
T_PER_KT = 1e3
LIGHT_SPEED_KM_PER_MS = 299.792458  # exact, by definition of the metre
FIBRE_GROUP_INDEX = 1.468  # G.652 single-mode fibre at 1550 nm (Corning SMF-28 datasheet: 1.4682)

_LABEL = {
    1: re.compile(r"(\d{4})-(0[1-9]|1[0-2])"),
    3: re.compile(r"(\d{4})Q([1-4])"),
    6: re.compile(r"(\d{4})H([12])"),
    12: re.compile(r"(\d{4})"),
}
PERIOD_EXAMPLE = {1: "2027-03", 3: "2027Q3", 6: "2027H2", 12: "2027"}


def period_number(label: str, months: int) -> int:
    """Return the running number of a period label (0 = first period of year 0).

    Raises
    ------
    ValueError
        If the label does not have the form that periods of ``months`` months have.

    Examples
    --------
    >>> period_number("2027Q3", 3) - period_number("2026Q4", 3)
    3
    """
    match = _LABEL[months].fullmatch(label)
    if match is None:
        raise ValueError(f"'{label}' is not a period such as {PERIOD_EXAMPLE[months]}")
    within = int(match[2]) - 1 if months < 12 else 0
    return int(match[1]) * (12 // months) + within


def period_length(label: str) -> int | None:
    """Return the months of a period with such a label; ``None`` where no period has one.

    Examples
    --------
    >>> period_length("2027Q3"), period_length("2028"), period_length("soon")
    (3, 12, None)
    """
    return next((months for months, form in _LABEL.items() if form.fullmatch(label)), None)


def period_label(number: int, months: int) -> str:
    """Return the label of a running period number; the inverse of :func:`period_number`.

    Examples
    --------
    >>> period_label(period_number("2027Q3", 3) + 2, 3)
    '2028Q1'
    """
    year, within = divmod(number, 12 // months)
    return f"{year:04d}" + {1: f"-{within + 1:02d}", 3: f"Q{within + 1}", 6: f"H{within + 1}", 12: ""}[months]
