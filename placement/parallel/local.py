"""Tasks in this process, and in spawned processes that do not import the main module."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from placement.parallel.flags import HOLD, STOP, WORK, halt, share, wait_for_all

GRACE_S = 1.0  # what running tasks get to end by themselves when a pool closes
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS")

_starting = threading.Lock()


class Here(Executor):
    """Runs each task at once in this process."""

    lost: tuple[type[BaseException], ...] = ()
    hopeless: tuple[type[BaseException], ...] = ()

    def __init__(self, token: str) -> None:
        self.executor, self._token = self, token

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it; an exception waits in the future, an interrupt does not."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def failing(self) -> bool:
        """Return False: there is nobody to lose."""
        return False

    def halt(self) -> None:
        """Set the flag that tasks read."""
        halt(self._token)

    def close(self) -> None:
        """Do nothing; nothing is held."""


class Local:
    """Spawned processes, each with one thread, deaf to Ctrl-C, ending when this process ends in whatever way."""

    lost: tuple[type[BaseException], ...] = (BrokenExecutor,)
    hopeless: tuple[type[BaseException], ...] = ()

    def __init__(self, workers: int) -> None:
        self._context = Context()
        self._flag = self._context.RawValue("b", HOLD)
        self.executor = ProcessPoolExecutor(workers, mp_context=self._context, initializer=begin_worker, initargs=(self._flag,))
        self._start_all(workers)

    def _start_all(self, workers: int) -> None:
        """Start every process now: the executor would add them later one by one, and a start while another one dies fails in odd ways."""
        with suppress(OSError, BrokenExecutor):  # then it is broken, or has fewer processes, which the first task will meet
            for _ in range(workers):
                self.executor.submit(wait_for_all)  # nobody is idle before the last one was submitted
        self._flag.value = WORK

    def failing(self) -> bool:
        """Whether a process has died; the executor knows too, but has been seen to wait for ever (cpython gh-94777, gh-105829)."""
        return any(p.exitcode is not None for p in self._context.started)

    def halt(self) -> None:
        """Set the flag that tasks read."""
        self._flag.value = STOP

    def close(self) -> None:
        """End all processes; those that run on are killed after ``GRACE_S``."""
        self.halt()
        self.executor.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + GRACE_S
        for process in (p for p in self._context.started if p.pid is not None):
            process.join(max(0.0, until - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join(GRACE_S)


class Context(SpawnContext):
    """Spawn, with a list of the processes that were started."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]
        """Return a new worker."""
        process = Worker(*args, **kwargs)
        self.started.append(process)
        return process


class Worker(SpawnProcess):
    """A process that starts without the main module, with one thread for linear algebra and without Ctrl-C."""

    def start(self) -> None:
        """Start it; what it must inherit is set for that moment only."""
        with _starting, _without_main(), _one_thread(), _without_interrupt():
            super().start()


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide where the main module came from.

    Spawn would import it again in the child, and a script that calls ``placement.solve(workers=2)`` at its top level would
    start itself for ever. Tasks are functions of this package and need no main module.
    """
    main: dict[str, Any] = sys.modules["__main__"].__dict__
    hidden: dict[str, Any] = {name: main.get(name) for name in ("__spec__", "__file__") if name in main}
    try:
        main.update(dict.fromkeys(hidden))
        yield
    finally:
        main.update(hidden)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Set the environment that libraries read when they are loaded."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _without_interrupt() -> Iterator[None]:
    """Block SIGINT, which a child inherits: Ctrl-C in a terminal reaches the whole group, also a child that has just begun."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_worker(flag: Any) -> None:
    """Prepare a local process: no Ctrl-C, follow the shared flag and the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    share(flag)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    """End with the parent, also when it was killed; waiting for tasks would go on for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
