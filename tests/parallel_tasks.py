"""Tasks that worker processes import by name for ``test_parallel.py``."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from placement.parallel import stopped


def square(x: int) -> int:
    """Return the square; the larger ones sooner, so that order is no accident."""
    time.sleep(max(0.0, 0.05 - x / 200))
    return x * x


def fail(message: str) -> None:
    """Raise what a caller should see."""
    raise LookupError(message)


def pid() -> int:
    """Return the process that this runs in."""
    return os.getpid()


def environment() -> tuple[str | None, bool]:
    """Return how many threads libraries may start, and whether Ctrl-C is ignored."""
    return os.environ.get("OMP_NUM_THREADS"), signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def die_once(folder: str, x: int) -> int:
    """Note the run, kill this process in the first one, return in the others."""
    mark = Path(folder, f"{x}-{len(list(Path(folder).glob(f'{x}-*')))}")
    mark.touch()
    if mark.name.endswith("-0"):
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def die(folder: str) -> None:
    """Note the run and kill this process, always."""
    Path(folder, f"{time.monotonic_ns()}").touch()
    os.kill(os.getpid(), signal.SIGKILL)


def listen(folder: str, seconds: float) -> str:
    """Say that it runs; return what ended it."""
    Path(folder, f"listening-{os.getpid()}").touch()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if stopped():
            return "stopped"
        time.sleep(0.01)
    return "time"


def deaf(folder: str, seconds: float) -> None:
    """Say that it runs, and listen to nothing."""
    Path(folder, f"deaf-{os.getpid()}").touch()
    time.sleep(seconds)


def slow_square(folder: str, x: int, seconds: float) -> int:
    """Note run and process, take some time, return the square."""
    Path(folder, f"run-{x}-{os.getpid()}").touch()
    time.sleep(seconds)
    return x * x
