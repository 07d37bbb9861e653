"""How a task learns that it should stop: a byte shared with local processes, a set of names elsewhere.

A shared byte and not ``multiprocessing.Event``: it has no lock that a killed process could keep or a signal handler wait for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

HOLD, WORK, STOP = 0, 1, 2  # what the shared byte says

_halted: set[str] = set()  # tokens of pools that were stopped; used where tasks of several pools share a process
_running = threading.local()  # .token: the pool whose task this thread runs
_shared: list[Any] = []  # the byte, in a process that works for one pool


def stopped() -> bool:
    """Whether the pool of the task that calls this was told to stop; False outside of tasks. Costs well under a microsecond."""
    return (bool(_shared) and _shared[0].value == STOP) or getattr(_running, "token", None) in _halted


def within(token: str, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Call a task as one of the pool ``token``."""
    before, _running.token = getattr(_running, "token", None), token
    try:
        return function(*args)
    finally:
        _running.token = before


def share(byte: Any) -> None:
    """Have this process follow a shared byte."""
    _shared[:] = [byte]


def wait_for_all() -> None:
    """Keep a new process busy until the last one was started."""
    while _shared[0].value == HOLD:
        time.sleep(0.001)


def halt(token: str) -> None:
    """Tell the tasks of a pool in this process to stop."""
    _halted.add(token)


def forget(token: str) -> None:
    """Drop a pool that has closed."""
    _halted.discard(token)
