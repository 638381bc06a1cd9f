"""Ignore patterns as git reads them."""

import pytest

from observes_assets.sources.git import ignores
from observes_assets.sources.git.ignores import ignored, validate_patterns


def is_ignored(patterns, *paths):
    ((_, verdict),) = ignored(patterns, [("sha", paths)])
    return verdict


@pytest.mark.parametrize(
    ("patterns", "path", "verdict"),
    [
        (["docs/"], "docs/a.md", True),
        (["docs/"], "src/docs/a.md", True),
        (["docs/"], "docs", False),  # a file of that name
        (["docs/"], "docs2/a.md", False),
        (["docs"], "docs", True),
        (["/docs"], "src/docs/a.md", False),
        (["/docs"], "docs/a.md", True),
        (["*.md"], "a/b/c.md", True),
        (["vendor/**"], "vendor/a/b", True),
        (["vendor/**"], "x/vendor/a", False),
        (["**/gen/*.py"], "a/b/gen/x.py", True),
        (["a/**/z"], "a/z", True),
        (["a/*/z"], "a/b/c/z", False),
        (["*.md", "!README.md"], "README.md", False),
        (["*.md", "!README.md"], "docs/README.md", False),
        (["docs/", "!docs/keep.md"], "docs/keep.md", True),  # its folder is out
        (["docs/*", "!docs/keep.md"], "docs/keep.md", False),
        (["!docs/", "docs/"], "docs/a", True),
        ([r"\#x"], "#x", True),
        ([r"\!x"], "!x", True),
        (["[ab].c"], "a.c", True),
        (["[!ab].c"], "a.c", False),
        (["Docs/"], "docs/a", False),
        ([r"a\ b"], "a b", True),
        (["*"], "any/thing", True),
        (["/*", "!/src"], "src/a", False),
        (["*.x"], "back\\slash.x", True),
        (["*.x"], 'line\nfeed\t".x', True),
        (["ü*"], "ünï/code", True),
        ([":(glob)x"], ":(glob)x", True),
        (["x"], ":/x", True),
        (["/x"], ":/x", False),
        (["*"], "../x", False),
        (["*"], "a//b", False),
        (["*"], "", False),
        (["*.txt"], "\\xff.txt", True),
        (["*.txt"], ".git/a.txt", True),
        (["*"], "/abs", False),
    ],
)
def test_patterns(patterns, path, verdict):
    assert validate_patterns(patterns) == []
    assert is_ignored(patterns, path) is verdict


def test_commits_are_ignored_when_all_paths_are():
    commits = [
        ("all", ("docs/a", "docs/b")),
        ("some", ("docs/a", "src/b")),
        ("none", ("src/b",)),
        ("empty", ()),
    ]
    assert list(ignored(["docs/"], iter(commits))) == [
        ("all", True),
        ("some", False),
        ("none", False),
        ("empty", False),
    ]


def test_no_commits_and_no_patterns():
    assert list(ignored(["docs/"], [])) == []
    assert list(ignored([], [("a", ("x",))])) == [("a", False)]


def test_many_commits_in_pieces(monkeypatch):
    monkeypatch.setattr(ignores, "_PATHS_AT_ONCE", 100)
    monkeypatch.setattr(ignores, "_REMEMBERED", 150)
    commits = [(str(n), (f"docs/{n}",) if n % 3 else (f"src/{n}",)) for n in range(1000)]
    assert list(ignored(["docs/"], iter(commits))) == [(str(n), bool(n % 3)) for n in range(1000)]


def test_a_commit_with_many_paths():
    assert is_ignored(["docs/"], *(f"docs/{n % 300}/{n}" for n in range(100_000)))


def test_the_machines_own_ignores_are_not_used(tmp_path, monkeypatch):
    (tmp_path / ".config" / "git").mkdir(parents=True)
    (tmp_path / ".config" / "git" / "ignore").write_text("*\n")
    (tmp_path / ".gitconfig").write_text(f"[core]\n excludesFile = {tmp_path}/.config/git/ignore\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert not is_ignored(["docs/"], "src/a")


@pytest.mark.parametrize("pattern", ["[ab", "x\\", "./docs", "docs//a", "# docs", "a/../b", "/"])
def test_what_is_refused_matches_nothing(pattern):
    assert validate_patterns([pattern])
    for path in ("[ab", "ab", "a", "x", "x\\", "docs/a", "docs", "# docs", "b", "a/b"):
        assert not is_ignored([pattern], path)
