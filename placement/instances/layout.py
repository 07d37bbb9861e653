"""What a published format looks like: two sizes, then sections of numbers. A format is a description, read by one scanner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Each = Literal["site", "workload"]

#: Fields that have one number per pair of site and workload; the others have one per site or per workload.
PAIRWISE = ("cost", "use")

_NAMES = {"opening": "opening cost"}


@dataclass(frozen=True, slots=True)
class Section:
    """For each site (or workload) in turn, these fields; a pairwise field stands for one number per workload (or site)."""

    each: Each
    fields: tuple[str, ...]

    def shape(self, m: int, n: int) -> tuple[int, int]:
        """Return the rows and columns of the section for m sites and n workloads."""
        rows, other = (m, n) if self.each == "site" else (n, m)
        return rows, sum(other if field in PAIRWISE else 1 for field in self.fields)

    def __str__(self) -> str:
        other = "workload" if self.each == "site" else "site"
        fields = [f"{field} for each {other}" if field in PAIRWISE else _NAMES.get(field, field) for field in self.fields]
        return f"for each {self.each}: {', '.join(fields)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The numbers of a format in their order.

    Attributes
    ----------
    sizes
        What the first two numbers count.
    ends
        Byte at which the file's content ends whatever follows, as the publishers' own copies need.
    blank_capacity
        A word that may stand where a capacity is, for the user to fill.
    per_unit
        Costs are per unit of demand.
    """

    name: str
    sections: tuple[Section, ...]
    sizes: tuple[Each, Each] = ("site", "workload")
    ends: bytes = b""
    blank_capacity: bytes = b""
    per_unit: bool = False

    def counts(self, first: int, second: int) -> tuple[int, int]:
        """Return (sites, workloads) from the two sizes in the file's order."""
        return (first, second) if self.sizes[0] == "site" else (second, first)

    def length(self, first: int, second: int) -> int:
        """Return how many numbers follow the two sizes."""
        shapes = (section.shape(*self.counts(first, second)) for section in self.sections)
        return sum(rows * width for rows, width in shapes)

    def fields(self) -> tuple[str, ...]:
        """Return every field of the format."""
        return tuple(field for section in self.sections for field in section.fields)

    def where(self, number: int, m: int, n: int) -> str:
        """Say in words what the number at this place after the sizes is, such as ``cost of workload w3 at site s2``."""
        for section in self.sections:
            rows, width = section.shape(m, n)
            if number < rows * width:
                row, column = divmod(number, width)
                return _words(section, row, *_field_at(section, column, m, n))
            number -= rows * width
        return "behind the last number"

    def __str__(self) -> str:
        return "; ".join((f"number of {self.sizes[0]}s, number of {self.sizes[1]}s", *map(str, self.sections)))


def _field_at(section: Section, column: int, m: int, n: int) -> tuple[str, int]:
    """Return the field of a column of a section, and the column's number within the field."""
    for field, start, stop in spans(section, m, n):
        if start <= column < stop:
            return field, column - start
    raise IndexError(column)


def spans(section: Section, m: int, n: int) -> Iterator[tuple[str, int, int]]:
    """Yield each field of a section with its first column and the one behind its last."""
    start = 0
    for field in section.fields:
        stop = start + ((n if section.each == "site" else m) if field in PAIRWISE else 1)
        yield field, start, stop
        start = stop


def _words(section: Section, row: int, field: str, other: int) -> str:
    site, workload = (row, other) if section.each == "site" else (other, row)
    what = _NAMES.get(field, field)
    if field in PAIRWISE:
        return f"{what} of workload w{workload + 1} at site s{site + 1}"
    return f"{what} of site s{site + 1}" if section.each == "site" else f"{what} of workload w{workload + 1}"
