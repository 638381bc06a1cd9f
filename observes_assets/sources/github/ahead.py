"""Read ahead: the next page is on its way while one is looked at."""

from collections.abc import Iterator
from queue import Empty, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

_MOST = 2
"""Pages that wait to be looked at; each may have a megabyte."""


def read_ahead(pages: Iterator[T]) -> Iterator[T]:
    """The same pages, asked for by a thread of their own, which ends with the iterator.

    The thread asks for a page before the one before it has been parsed: who parses holds the interpreter for
    as long as a request takes to begin, page after page.
    """
    found: Queue[T | BaseException | None] = Queue(_MOST)
    is_left = Event()

    def read() -> None:
        last = None
        try:
            for page in pages:
                found.put(page)
                if is_left.is_set():
                    return
        except BaseException as error:  # the reader's to raise
            last = error
        found.put(last)

    thread = Thread(target=read, name="github-ahead", daemon=True)
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
