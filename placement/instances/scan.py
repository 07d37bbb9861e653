"""Bytes of an instance file to arrays, by its layout; whatever does not fit is told with its place.

Line breaks carry no meaning in these formats, only the order of the numbers does.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from placement.errors import DataError, Problem
from placement.instances.layout import PAIRWISE, Layout, spans

Floats = NDArray[np.float64]

_GZIP = b"\x1f\x8b"
_MOST_BYTES = 2**30  # of an unpacked file: 10,000 x 10,000 numbers; a small file that unpacks to more is no instance
_MOST_SIZE = 10**6
_ODD = re.compile(rb"[^0-9eE+.\-\s]")
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TOKEN = re.compile(rb"\S+")
_PADDING = b"\0\x1a \t\r\n\v\f"  # what old systems leave behind the last number
_BINARY = re.compile(rb"[^\t-\r -~\x80-\xff]")  # control bytes; text in any encoding has none


@dataclass(frozen=True, slots=True)
class Contents:
    """What an instance file holds: each field as an array, shape (m,), (n,) or (m, n) with sites first."""

    path: Path
    sha256: str  # of the unpacked bytes, so that packing a file changes nothing
    m: int
    n: int
    fields: dict[str, Floats]


class WrongLength(DataError):
    """A file has more or fewer numbers than its sizes ask for."""

    def __init__(self, problem: Problem, first: int, second: int, found: int) -> None:
        super().__init__([problem])
        self.first, self.second, self.found = first, second, found


def scan(path: str | Path, layout: Layout, capacity: float | None = None) -> Contents:
    """Read a file (plain or gzip) by its layout.

    Parameters
    ----------
    capacity
        Put where the file says ``capacity`` instead of a number; NaN to leave them open.

    Raises
    ------
    DataError
        Naming the file, what was expected, the place and a remedy; :class:`WrongLength` if it has too many numbers or too few.
    """
    file = Path(path)
    raw = _unpacked(file)
    content = (raw.split(layout.ends, 1)[0] if layout.ends else raw).rstrip(_PADDING)
    tokens, blank = _blanks(content.split(), layout, capacity, file)
    numbers = _numbers(tokens, content, file)
    first, second = _sizes(numbers, layout, file)
    m, n = layout.counts(first, second)
    _check_length(len(numbers) - 2, first, second, layout, file)
    _check_blanks(blank, layout, m, n, content, file)
    _check_finite(numbers, layout, m, n, content, file)
    if not blank and capacity is not None and not np.isnan(capacity):
        raise broken(file, "gives every capacity as a number, so that none can be set", "Leave --capacity out.")
    numbers[blank] = capacity
    return Contents(file, hashlib.sha256(raw).hexdigest(), m, n, _fields(numbers[2:], layout, m, n))


def broken(file: Path, rule: str, remedy: str) -> DataError:
    """Return the error that a file breaks a rule."""
    return DataError([Problem(str(file), "", rule, remedy)])


def _unpacked(file: Path) -> bytes:
    try:
        if file.is_dir():
            raise broken(file, "is a folder, not an instance file", "Name the file; a case folder is solved without --format.")
        raw = file.read_bytes()
        if raw.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
                raw = packed.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise broken(file, "does not exist", "Correct the path of the instance file.") from None
    except (OSError, EOFError, zlib.error, ValueError) as error:  # BadGzipFile is an OSError; Value: a NUL in the name
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise broken(file, f"cannot be read ({why})", "Check its permissions; if it is packed, download it again.") from None
    if len(raw) > _MOST_BYTES:
        raise broken(file, f"holds more than {_MOST_BYTES:,} bytes", "Give one instance of a published format.")
    return raw


def _blanks(tokens: list[bytes], layout: Layout, capacity: float | None, file: Path) -> tuple[list[bytes], list[int]]:
    """Return the tokens with 0 for the word that leaves a capacity open, and where it stood."""
    word = layout.blank_capacity
    places = [i for i, token in enumerate(tokens) if token == word and i >= 2] if word else []
    if places and capacity is None:
        remedy = "Give the number to put there: --capacity C. The publisher's list of best values names it with each value."
        raise broken(file, f"leaves {len(places)} capacities open: it says '{word.decode()}' in their place", remedy)
    for i in places:
        tokens[i] = b"0"
    return tokens, places


def _numbers(tokens: list[bytes], content: bytes, file: Path) -> Floats:
    if not tokens:
        raise broken(file, "is empty", "Download it again, or name another file.")
    if (control := _BINARY.search(content)) is not None:
        what = f"holds a byte 0x{control[0][0]:02x} at position {control.start() + 1:,}: it is not a text of numbers"
        raise broken(file, what, "Unpack it first (only gzip is unpacked here), or choose the format in which such files are published.")
    try:
        if not _ODD.search(b" ".join(tokens)):  # float() takes more than a file should contain: nan, inf, 1_000
            return np.fromiter(map(float, tokens), dtype=np.float64, count=len(tokens))
    except ValueError:
        pass
    place = next(i for i, token in enumerate(tokens) if not _NUMBER.fullmatch(token))
    raise _at(file, content, place, f"'{_shown(tokens[place])}'", "is not a number")


def _shown(token: bytes) -> str:
    return token[:24].decode("ascii", "backslashreplace") + ("..." if len(token) > 24 else "")


def _at(file: Path, content: bytes, place: int, what: str, rule: str) -> DataError:
    """Return the error about one number; ``place`` counts tokens from 0."""
    start = next(match.start() for i, match in enumerate(_TOKEN.finditer(content)) if i == place)
    line = content.count(b"\n", 0, start) + 1
    remedy = "Download the file again, or choose another --format (see `placement formats`)."
    return broken(file, f"number {place + 1:,} (line {line:,}), {what}, {rule}", remedy)


def _sizes(numbers: Floats, layout: Layout, file: Path) -> tuple[int, int]:
    if len(numbers) < 2:
        raise broken(file, "holds a single number; it must begin with two sizes", f"Format {layout.name} is: {layout}.")
    for size, what in zip(numbers[:2], layout.sizes, strict=True):
        if not (size >= 1 and size == np.floor(size) and size <= _MOST_SIZE):
            rule = f"begins with '{numbers[0]:g} {numbers[1]:g}'; the number of {what}s must be a whole number from 1 to {_MOST_SIZE:,}"
            raise broken(file, rule, f"Format {layout.name} is: {layout}.")
    return int(numbers[0]), int(numbers[1])


def _check_length(found: int, first: int, second: int, layout: Layout, file: Path) -> None:
    wanted = layout.length(first, second)
    if found == wanted:
        return
    counts = f"{found:,} numbers follow the sizes '{first} {second}' where format {layout.name} has {wanted:,}"
    rule = f"goes on too long: {counts}"
    if found < wanted:
        rule = f"ends too soon: {counts}; the first that lacks is the {layout.where(found, *layout.counts(first, second))}"
    raise WrongLength(Problem(str(file), "", rule, f"Download it again. Format {layout.name} is: {layout}."), first, second, found)


def _check_finite(numbers: Floats, layout: Layout, m: int, n: int, content: bytes, file: Path) -> None:
    infinite = ~np.isfinite(numbers)
    if infinite.any():  # digits that a float cannot hold, such as 1e999
        place = int(np.argmax(infinite))
        raise _at(file, content, place, f"the {layout.where(place - 2, m, n)}", "is beyond what a number can be")


def _check_blanks(blank: list[int], layout: Layout, m: int, n: int, content: bytes, file: Path) -> None:
    for place in blank:  # few, and none in a file without the word
        what = layout.where(place - 2, m, n)
        if not what.startswith("capacity"):
            raise _at(file, content, place, f"the {what}", f"is the word '{layout.blank_capacity.decode()}', which stands for capacities only")


def _fields(body: Floats, layout: Layout, m: int, n: int) -> dict[str, Floats]:
    found, start = {}, 0
    for section in layout.sections:
        rows, width = section.shape(m, n)
        table = body[start : start + rows * width].reshape(rows, width)
        start += rows * width
        for field, first, stop in spans(section, m, n):
            values = table[:, first:stop] if section.each == "site" else table[:, first:stop].T
            found[field] = np.ascontiguousarray(values) if field in PAIRWISE else values.ravel()
    return found
