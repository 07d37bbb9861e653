"""Ctrl-C: the first one asks the work to stop and keep what it has, the second one kills."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Interruptible(Protocol):
    """Work that can be asked to stop."""

    interrupted: bool


@contextmanager
def stop_on_signal(progress: Interruptible) -> Iterator[None]:
    """Make the first Ctrl-C (or SIGTERM) stop the search and keep the best plan; the second one kills."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        if progress.interrupted:
            raise KeyboardInterrupt
        progress.interrupted = True

    old = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
