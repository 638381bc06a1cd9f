"""Read ahead: the next piece is on its way while one is looked at."""

from collections.abc import Generator, Iterator
from queue import Empty, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

_MOST = 2
"""Pieces that wait to be looked at; each may have megabytes."""


def read_ahead(pieces: Iterator[T]) -> Generator[T, None, None]:
    """The same pieces, fetched by a thread of their own, which ends with the iterator.

    The thread asks a vendor for a page before the one before it has been parsed: who parses holds the
    interpreter for as long as a request takes to begin, page after page.
    """
    found: Queue[T | BaseException | None] = Queue(_MOST)
    is_left = Event()

    def read() -> None:
        last = None
        try:
            for piece in pieces:
                found.put(piece)
                if is_left.is_set():
                    return
        except BaseException as error:  # the reader's to raise
            last = error
        found.put(last)

    thread = Thread(target=read, name="ahead", daemon=True)
    thread.start()
    try:
        while (one := found.get()) is not None:
            if isinstance(one, BaseException):
                raise one
            yield one
    finally:
        is_left.set()
        while thread.is_alive():
            _empty(found)
            thread.join(0.01)


def _empty(queue: Queue[T]) -> None:
    try:
        while True:
            queue.get_nowait()
    except Empty:
        pass
