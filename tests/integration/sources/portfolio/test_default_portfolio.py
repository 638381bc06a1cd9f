"""The default portfolio: made once, the same everywhere, and never in the way of a first run."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from observes_assets.errors import SettingsError
from observes_assets.sources.git.identities import canonical
from observes_assets.sources.portfolio.checkout import Checkout, describe_checkout
from observes_assets.sources.portfolio.client import read_portfolio
from observes_assets.sources.portfolio.default import default_portfolio
from observes_assets.sources.portfolio.streams import portfolio_stream


def git(folder: Path, *arguments: str) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main")
    return subprocess.run(
        ["git", "-C", folder, *identity, *arguments],
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout.strip()


def make_checkout(folder: Path, commits: int = 1) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    for number in range(commits):
        git(folder, "commit", "--quiet", "--allow-empty", "--message", f"Commit {number}")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a home" / ".observes"


def repositories(path: Path) -> dict[str, Path]:
    return {one.nickname: Path(one.url) for _, _, one in read_portfolio(path).repositories()}


def test_same_commits_everywhere(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the user, the template, the time zone and the surrounding git command are."""
    (tmp_path / ".gitconfig").write_text(
        "[user]\n\tname = Mallory\n[commit]\n\tgpgsign = true\n[init]\n\tdefaultBranch = trunk\n"
        "[core]\n\tautocrlf = true\n\thooksPath = /nowhere\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    found = repositories(default_portfolio(home, None))
    assert {name: git(folder, "rev-parse", "main") for name, folder in found.items()} == {
        "parcels": "9c0fbc2063d141cad282435a3e3f8b89ad66ba21",
        "shop": "4d1b2ff0c8fa2acf506e91e4a27b127c635db753",
    }
    for folder in found.values():
        assert git(folder, "status", "--porcelain") == ""
        assert git(folder, "symbolic-ref", "--short", "HEAD") == "main"
        git(folder, "fsck", "--strict", "--no-dangling")


def test_holds_what_makes_bills_interesting(home: Path) -> None:
    path = default_portfolio(home, None)
    found = repositories(path)
    logs = {
        name: [
            line.split("\x1f")
            for line in git(
                folder, "log", "--format=%an\x1f%ae\x1f%aI\x1f%cI\x1f%P\x1f%s", "main"
            ).splitlines()
        ]
        for name, folder in found.items()
    }
    authors = {name: {commit[1] for commit in log} for name, log in logs.items()}
    assert authors["shop"] & authors["parcels"] == {"tomas@example.com"}
    copies = [{tuple(commit[i] for i in (0, 1, 2, 5)) for commit in log} for log in logs.values()]
    assert len(copies[0] & copies[1]) == 1
    assert any(" " in commit[4] for commit in logs["shop"])
    assert any(commit[0].endswith("[bot]") for commit in logs["shop"])
    assert "Co-authored-by: " in git(found["shop"], "log", "--format=%b")
    touched = git(found["shop"], "log", "--author=wen@", "--name-only", "--format=").split()
    assert touched
    assert all(name.startswith("docs/") for name in touched)
    assert {commit[3][:7] for log in logs.values() for commit in log} == {"2026-09", "2026-10", "2026-11"}
    people = [(commit[0], commit[1]) for commit in logs["shop"]]
    mapped = list(canonical(read_portfolio(path).mailmap, people))
    assert {email for *_, email in mapped} < {email for _, email in people}


def test_made_once_and_left_alone(home: Path, tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "work")
    path = default_portfolio(home, checkout)
    before = {one: one.stat().st_mtime_ns for one in home.rglob("*") if one.is_file()}
    assert default_portfolio(home, tmp_path / "moved") == path
    assert {one: one.stat().st_mtime_ns for one in home.rglob("*") if one.is_file()} == before
    path.write_text("mine: now\n")
    assert default_portfolio(home, checkout).read_text() == "mine: now\n"


def test_a_sandbox_lists_its_company(home: Path) -> None:
    path = default_portfolio(home, None, has_company=True)
    listed = {(one.name, group.name) for one, group, _ in read_portfolio(path).repositories()}
    assert {("quillmark-works", "website"), ("quillmark-works", "accounts")} < listed


def test_interrupted_start_is_finished(home: Path) -> None:
    path = default_portfolio(home, None)
    text = path.read_bytes()
    shop = repositories(path)["shop"]
    git(shop, "commit", "--quiet", "--allow-empty", "--message", "Mine")
    tip = git(shop, "rev-parse", "HEAD")
    path.unlink()
    assert default_portfolio(home, None).read_bytes() == text
    assert git(shop, "rev-parse", "HEAD") == tip
    assert not list(home.rglob(".making-*"))


def test_several_at_once(home: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: default_portfolio(home, None), range(4)))
    assert len(paths) == 1
    assert sorted(repositories(paths.pop())) == ["parcels", "shop"]
    assert not list(home.rglob(".making-*"))


def test_lists_the_checkout(home: Path, tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / 'my work, "quoted" #1 \\ ünï: {x}')
    (checkout / "inner").mkdir()
    git(checkout, "checkout", "--quiet", "-b", "feature/#1")
    path = default_portfolio(home, checkout / "inner")
    portfolio = read_portfolio(path)
    ((_, group, repository),) = [one for one in portfolio.repositories() if one[0].name == "yours"]
    assert (group.name, repository.nickname) == ("checkout", "my-work-quoted-1-n-x")
    assert (repository.url, repository.branch) == (str(checkout), "feature/#1")
    (record,) = portfolio_stream(path, None)
    assert [one["group"] for one in record["groups"]] == ["logistics", "storefront", "checkout"]


def test_leaves_out_what_has_no_whole_history(home: Path, tmp_path: Path) -> None:
    """A CI's checkout of depth 1 must not make a first run fail."""
    origin = make_checkout(tmp_path / "origin", commits=3)
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{origin}", "shallow")
    path = default_portfolio(home, tmp_path / "shallow")
    assert "is left out: it is shallow" in path.read_text()
    assert sorted(repositories(path)) == ["parcels", "shop"]


def test_says_why_a_checkout_is_left_out(tmp_path: Path) -> None:
    assert describe_checkout(None) == "no folder was given"
    assert describe_checkout(tmp_path / "nowhere") == "no folder was given"
    (tmp_path / "plain").mkdir()
    assert describe_checkout(tmp_path / "plain") == "it is no git repository with a working tree"
    unborn = describe_checkout(make_checkout(tmp_path / "unborn", commits=0))
    assert unborn == "no branch stands on its current commit, or it has no commit yet"
    origin = make_checkout(tmp_path / "origin", commits=2)
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", f"file://{origin}", "partial")
    assert (
        describe_checkout(tmp_path / "partial") == "it is a partial clone: a part of its objects is missing"
    )
    git(tmp_path, "clone", "--quiet", "--bare", str(origin), "bare.git")
    assert describe_checkout(tmp_path / "bare.git") == "it is no git repository with a working tree"


def test_detached_checkout_takes_the_branch_on_its_commit(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "work", commits=2)
    git(checkout, "branch", "aardvark")
    git(checkout, "checkout", "--quiet", "--detach")
    assert describe_checkout(checkout) == Checkout("work", str(checkout), "main")
    git(checkout, "branch", "--quiet", "--force", "main", "HEAD~1")
    assert describe_checkout(checkout) == Checkout("work", str(checkout), "aardvark")
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "On no branch")
    assert isinstance(describe_checkout(checkout), str)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_checkout_of_another_user_is_listed(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "work")
    for one in [checkout, *checkout.rglob("*")]:
        os.chown(one, 65534, 65534)
    assert isinstance(describe_checkout(checkout), Checkout)


def test_linked_working_tree(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "work")
    git(checkout, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    assert describe_checkout(tmp_path / "side") == Checkout("side", str(tmp_path / "side"), "side")


def test_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"cannot be made in .*: Not a directory. Set OBSERVES_HOME"):
        default_portfolio(tmp_path / "file", None)


def test_git_is_missing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SettingsError, match="git is not installed"):
        default_portfolio(home, None)
    assert not (home / "portfolio" / "portfolio.yaml").exists()
