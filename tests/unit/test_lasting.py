"""What lasts is not looked through: and afterwards the collector works as before."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest

from observes_assets.lasting import lasting


class Ring:
    """Only the collector finds it, once nobody else holds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _thaw() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_made_inside_is_kept_and_what_comes_later_is_collected() -> None:
    with lasting():
        assert not gc.isenabled()
        inside = weakref.ref(Ring())
    after = weakref.ref(Ring())
    gc.collect()
    assert gc.isenabled()
    assert inside() is not None
    assert after() is None


def test_a_failure_inside_leaves_the_collector_at_work() -> None:
    with pytest.raises(ZeroDivisionError), lasting():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_what_must_be_done_at_the_end_is_done() -> None:
    code = """
import atexit, tempfile, threading, time
from observes_assets.lasting import leave_all
folder = tempfile.TemporaryDirectory()
atexit.register(lambda: print("registered", flush=True))
print(folder.name, flush=True)
threading.Thread(target=lambda: (time.sleep(0.1), print("threads", flush=True))).start()
leave_all()
"""
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    folder, *words = told.stdout.split()
    assert words == ["threads", "registered"]
    assert subprocess.run(["test", "-e", folder], check=False).returncode == 1
