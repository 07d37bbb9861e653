"""Progress for people: a live line on a terminal, lines on request elsewhere; all of it is kept for ``log.txt``."""

from __future__ import annotations

import math
import os
import shutil
import threading
import time
from dataclasses import replace
from typing import TextIO

from placement.engine import Event

_EVERY_S = 1.0  # between lines of one phase, and between ticks of the clock on the live line
_NARROW = 20  # columns below which a live line says nothing


class Log:
    """Listens to the progress of a solve.

    Parameters
    ----------
    stream
        Where to write; ``None``: nowhere.
    lines
        Write plain lines, one per change of phase and at most one per second, where the stream is no terminal; else nothing is written there.
    """

    def __init__(self, stream: TextIO | None, lines: bool = False) -> None:
        self.stream, self.lines = stream, list[str]()
        self._live = is_live(stream)
        self._plain = lines and not self._live
        self._phase, self._logged = "", -math.inf
        self._last: tuple[Event, float] | None = None  # the latest event, and when it came
        self._width = 0  # of what stands on the live line
        self._lock, self._ended = threading.Lock(), threading.Event()
        if self._live:
            threading.Thread(target=self._tick, daemon=True).start()

    def __call__(self, event: Event) -> None:
        new_phase, self._phase = event.phase != self._phase, event.phase
        self._last = (event, time.monotonic())
        if new_phase or event.time_s - self._logged >= _EVERY_S:
            self._logged = event.time_s
            self.lines.append(log_line(event))
            if self._plain:
                self._write(f"{self.lines[-1]}\n")
            self._show(event)

    def say(self, text: str) -> None:
        """Write a line of something else, above the live line."""
        with self._lock:
            self._write(f"\r{text}{' ' * (self._width - len(text))}\n" if self._live else f"{text}\n")
            self._width = 0

    def end(self) -> None:
        """Leave the terminal as it was: the live line is blanked."""
        self._ended.set()
        with self._lock:
            if self._live and self._width:
                self._write(f"\r{' ' * self._width}\r")
            self._live = False

    def _tick(self) -> None:
        """Let the clock on the live line go on where the search is silent."""
        while not self._ended.wait(_EVERY_S):
            if self._last is not None:
                event, came = self._last
                self._show(replace(event, time_s=event.time_s + time.monotonic() - came))

    def _show(self, event: Event) -> None:
        """Write over the live line; blanks and not an escape code take the rest of the old one back, so nothing flickers."""
        with self._lock:
            if self._live:
                line = live_line(event, shutil.get_terminal_size().columns - 1)  # a line that wraps could not be taken back
                self._write(f"\r{line}{' ' * (self._width - len(line))}")
                self._width = len(line)

    def _write(self, text: str) -> None:
        """Write; a closed pipe (``2>&1 | head``) ends the talking and not the search."""
        if self.stream is None:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            self.stream, self._live, self._plain = None, False, False


def is_live(stream: TextIO | None) -> bool:
    """Whether a line that is written over again reads well there."""
    return bool(stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb")


def log_line(event: Event) -> str:
    """Return an event as a line of ``log.txt``."""
    found = f"objective {_musd(event.objective, 16, 3)}  bound {_musd(event.bound, 16, 3)}  gap {_gap(event):>9}"
    return f"{event.time_s:8.1f} s  {event.phase:<20} {found}  columns {event.columns:>9,}"


def live_line(event: Event, width: int) -> str:
    """Return an event in at most so many columns; what counts least is left out first: phase, bound, objective.

    Examples
    --------
    >>> event = Event(12.34, "branch and bound", -25481.904, -25482.1, 7.7e-6)
    >>> print(live_line(event, 79))
      12 s  branch and bound  objective  -25,481.9  bound  -25,482.1  gap 0.001%
    >>> print(live_line(event, 40))
      12 s  objective -25,481.9  gap 0.001%
    """
    clock, gap = f"{event.time_s:4.0f} s", f"gap {_gap(event)}"
    digits = 1 if abs(event.objective if math.isfinite(event.objective) else event.bound) < 1e6 else 0
    objective, bound = f"objective {_musd(event.objective, 0, digits)}", f"bound {_musd(event.bound, 0, digits)}"
    wide = f"{clock}  {event.phase:<16.16}  objective {_musd(event.objective, 10, digits)}  bound {_musd(event.bound, 10, digits)}  {gap}"
    choices = (wide, "  ".join((clock, objective, bound, gap)), "  ".join((clock, objective, gap)), "  ".join((clock, gap)))
    return next((line for line in choices if len(line) <= width), "" if width < _NARROW else clock)


def _gap(event: Event) -> str:
    return "-" if not math.isfinite(event.gap) else f"{event.gap:.3%}" if event.gap <= 1 else ">100%"


def _musd(value: float, width: int, digits: int) -> str:
    return f"{value:{width},.{digits}f}" if math.isfinite(value) else "-".rjust(width)
