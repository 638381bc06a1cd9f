"""Folders for records on their way: no kill leaves one behind for long."""

import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from observes_assets import scratch

DIES = """
import os, signal
from observes_assets.scratch import scratch
with scratch("landing") as folder:
    (folder / "records").write_text("ada@acme.example")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_it_is_gone_with_the_block_and_nobody_else_s_while_it_is_there(temporary: Path) -> None:
    with suppress(ValueError), scratch.scratch("draft") as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "records").touch()
        assert scratch.sweep() == 0
        assert (folder / "records").exists()
        raise ValueError("broken")
    assert list(temporary.iterdir()) == []


def test_what_a_kill_left_goes_with_the_next_process(temporary: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", DIES], capture_output=True, text=True, check=False)
    left = Path(killed.stdout.strip())
    assert (left / "records").read_text() == "ada@acme.example"
    (temporary / "observes-of-another").mkdir()
    with scratch.scratch("draft") as own:
        assert scratch.sweep() == 1
        assert own.exists()
    assert not left.exists()
    assert [path.name for path in temporary.iterdir()] == ["observes-of-another"]


def test_records_lie_in_no_other_temporary_folder() -> None:
    package = Path(scratch.__file__).parent
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "TemporaryDirectory(" in path.read_text() or "mkdtemp(" in path.read_text()
    }
    # Programs, and the made-up company's repositories, in the home.
    programs = {"postgres/binaries.py", "sources/portfolio/default.py", "scratch.py"}
    assert {name for name in found if not name.startswith("sandbox/")} == programs
