"""Pages that are read ahead: the same ones, in order, and no thread is left behind."""

import threading
from collections.abc import Callable, Iterator

import pytest

from observes_assets.sources.ahead import read_ahead

Threads = Callable[[], list[threading.Thread]]


@pytest.fixture
def threads() -> Threads:
    """Those that a test began, and that live; of others' tests some may be left."""
    before = threading.enumerate()
    return lambda: [one for one in threading.enumerate() if one.name == "ahead" and one not in before]


def test_every_page_comes_in_order(threads: Threads) -> None:
    assert list(read_ahead(iter(range(50)))) == list(range(50))
    assert list(read_ahead(iter([]))) == []
    assert threads() == []


def test_a_failure_comes_after_the_pages_before_it(threads: Threads) -> None:
    def pages() -> Iterator[int]:
        yield 1
        yield 2
        raise KeyError("third")

    found = read_ahead(pages())
    assert (next(found), next(found)) == (1, 2)
    with pytest.raises(KeyError, match="third"):
        next(found)
    assert threads() == []


def test_who_stops_reading_ends_the_thread(threads: Threads) -> None:
    asked = []

    def pages() -> Iterator[int]:
        for number in range(1_000):
            asked.append(number)
            yield number

    for page in read_ahead(pages()):
        if page == 3:
            break
    assert threads() == []
    # Two may wait, one is being asked for, and one more may be on its way to those.
    assert len(asked) <= 4 + 4
