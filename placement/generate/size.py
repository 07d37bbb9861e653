"""How large a generated case is to be."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from placement.case import Case
from placement.errors import OptionError

MOST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Numbers of rows of the leading tables; ``None``: as many as the case it is made from.

    Raises
    ------
    OptionError
        Naming the numbers that are out of range.
    """

    jobs: int | None = None
    sites: int | None = None
    periods: int | None = None
    skus: int | None = None
    services: int | None = None
    metros: int | None = None

    def __post_init__(self) -> None:
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        broken = [f"{name} must be in [1, {MOST}], got {n}" for name, n in given.items() if n is not None and not 1 <= n <= MOST]
        if broken:
            raise OptionError("; ".join(broken))

    def but(self, **given: int | None) -> Size:
        """Return the size with some numbers replaced; ``None`` replaces nothing."""
        return replace(self, **{name: n for name, n in given.items() if n is not None})

    def of(self, base: Case) -> dict[str, int]:
        """Return all numbers; a table that the base does not have stays absent, with 0.

        Raises
        ------
        OptionError
            If a number is asked for and the base has nothing to draw from.
        """
        counts = {f.name: base.n_periods if f.name == "periods" else len(base[f.name]) for f in fields(self)}
        asked = {name: getattr(self, name) for name in counts}
        missing = [name for name, n in asked.items() if n is not None and not counts[name]]
        if missing:
            raise OptionError(f"{', '.join(missing)}: the case {base.name} has none to draw from")
        return {name: counts[name] if asked[name] is None else int(asked[name]) for name in counts}


#: Sizes that benchmarks speak of.
SIZES = {
    "S": Size(jobs=200, sites=20, periods=8, skus=3, services=12, metros=40),
    "M": Size(jobs=2_000, sites=80, periods=16, skus=6, services=20, metros=60),
    "L": Size(jobs=10_000, sites=80, periods=16, skus=8, services=32, metros=80),
    "XL": Size(jobs=100_000, sites=200, periods=20, skus=8, services=50, metros=120),
}
