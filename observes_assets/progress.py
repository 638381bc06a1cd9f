"""Tell a person how long work goes on. Silent unless the command line listens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Listener(Protocol):
    """Shows progress; the command line's is made of rich's bars."""

    def start(self, title: str, total: int | None) -> Callable[[int, str], None]:
        """Begin a bar; returns what moves it on by a number of steps and says what is being done."""
        ...

    def stop(self, title: str, *, failed: bool) -> None:
        """End a bar."""
        ...


_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Show the block's progress. One process runs one job at a time, so a module-level list will do."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextmanager
def task(title: str, total: int | None = None) -> Iterator[Callable[[int, str], None]]:
    """A piece of work with a known or unknown number of steps."""
    advances = [listener.start(title, total) for listener in _listeners]

    def advance(steps: int, what: str = "") -> None:
        for one in advances:
            one(steps, what)

    failed = True
    try:
        yield advance
        failed = False
    finally:
        for listener in _listeners:
            listener.stop(title, failed=failed)
