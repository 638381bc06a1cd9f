"""The company's code as real repositories: git agrees with every name that the world gave."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from observes_assets.sandbox import World
from observes_assets.sandbox.history import BILLED, keep_repositories, write_repository
from observes_assets.sandbox.vendors import world_at
from tests.integration.sandbox.conftest import AT


def refs(folder: Path) -> dict[str, str]:
    command = ["git", "-C", str(folder), "for-each-ref", "--format=%(refname) %(objectname)"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split() for line in lines)


@pytest.mark.parametrize("name", ["harbor", "attic"])
def test_git_finds_the_same_names(tmp_path: Path, name: str) -> None:
    world, folder = World(at=AT), tmp_path / "code.git"
    write_repository(folder, world.company.repository(name))
    assert refs(folder) == world.company.repository(name).refs
    checked = subprocess.run(["git", "-C", str(folder), "fsck", "--strict"], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    world.set_clock(AT + timedelta(days=20))
    write_repository(folder, world.company.repository(name))
    assert refs(folder) == world.company.repository(name).refs


def test_history_has_squashes_merges_rebases_and_other_time_zones(tmp_path: Path) -> None:
    world, folder = World(at=AT), tmp_path / "code.git"
    write_repository(folder, world.company.repository("harbor"))
    command = ["git", "-C", str(folder), "log", "--format=%P|%an|%cn|%ai|%ci", "main"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    commits = [line.split("|") for line in lines]
    assert any(" " in parents for parents, *_ in commits)
    assert any(author != committer for _, author, committer, *_ in commits)
    assert len({authored[-5:] for *_, authored, _ in commits}) > 3


def test_what_is_billed_lives_on_and_never_goes_back(tmp_path: Path) -> None:
    def tips() -> dict[str, str]:
        return {name: refs(tmp_path / f"{name}.git")["refs/heads/main"] for name in BILLED}

    keep_repositories(tmp_path, AT, world_at)
    before = tips()
    keep_repositories(tmp_path, AT + timedelta(days=20), world_at)
    after = tips()
    assert all(before[name] != after[name] for name in BILLED)
    for name in BILLED:
        command = [
            "git",
            "-C",
            str(tmp_path / f"{name}.git"),
            "merge-base",
            "--is-ancestor",
            before[name],
            "main",
        ]
        subprocess.run(command, check=True)
    keep_repositories(tmp_path, AT, world_at)
    assert tips() == after
