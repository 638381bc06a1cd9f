"""Which commits are read, and that none is lost."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from observes_assets.contracts import load
from observes_assets.errors import PermanentError
from observes_assets.sources.git.streams import commits


def test_a_record_says_everything_and_keeps_its_contract(work, mirror_of, read):
    root = work.commit("one", {"a.txt": "1\n2\n", "b.bin": b"\0\1"})
    sha = work.commit(
        "two\n\nbody\n\nCo-authored-by: Cyd <cyd@example.com>\nco-authored-by: Dee <dee@example.com>",
        {"a.txt": "1\n3\n4\n", "b.bin": b"\0\2"},
    )
    records = read(mirror_of(work))
    message = b"two\n\nbody\n\nCo-authored-by: Cyd <cyd@example.com>\nco-authored-by: Dee <dee@example.com>"
    parts = (b"Ada", b"Ada@example.com", b"1700000000 +0530", message)
    assert records[sha] == {
        "repository_id": "r1",
        "branch": "main",
        "sha": sha,
        "fingerprint": hashlib.sha256(b"\0".join(parts)).hexdigest(),
        "author_name": "Ada",
        "author_email": "Ada@example.com",
        "authored_at": "2023-11-15T03:43:20+05:30",
        "authored_raw": None,
        "committer_name": "Bob",
        "committer_email": "bob@example.com",
        "committed_at": "2023-11-14T18:45:00-03:30",
        "committed_raw": None,
        "parents": [root],
        "message": message.decode() + "\n",
        "co_authors": [
            {"name": "Cyd", "email": "cyd@example.com"},
            {"name": "Dee", "email": "dee@example.com"},
        ],
        "insertions": 2,
        "deletions": 1,
        "files": [
            {"path": "a.txt", "insertions": 2, "deletions": 1},
            {"path": "b.bin", "insertions": None, "deletions": None},
        ],
        "escaped": [],
    }
    assert records[root]["parents"] == []
    assert records[root]["insertions"] == 2
    contract = load("git").streams["commits"]
    assert [contract.check(orjson.loads(orjson.dumps(one))) for one in records.values()] == [None, None]


def test_fast_forward_to_a_branch_that_had_merged_ours(work, mirror_of, read):
    """In topological order our old tip comes first: stopping there loses the feature."""
    work.commit("base")
    work.git("switch", "-q", "-c", "feature")
    feature = [work.commit("f1"), work.commit("f2")]
    work.git("switch", "-q", "main")
    known = work.commit("m1")
    mirror = mirror_of(work)
    work.git("switch", "-q", "feature")
    work.git("merge", "-q", "--no-ff", "-m", "merge main", "main")
    merge = work.git("rev-parse", "HEAD")
    work.git("switch", "-q", "main")
    work.git("merge", "-q", "--ff-only", "feature")
    mirror.update()
    assert mirror.is_ancestor(known, merge)
    assert set(read(mirror, known)) == {*feature, merge}


def test_clocks_that_are_wrong_hide_nothing(work, mirror_of, read):
    shas = [
        work.commit(str(number), GIT_COMMITTER_DATE=f"@{date} +0000")
        for number, date in enumerate((1700000000, 1700000100, 100, 1900000000, 200, 1700000200))
    ]
    mirror = mirror_of(work)
    assert set(read(mirror)) == set(shas)
    for position, known in enumerate(shas):
        assert set(read(mirror, known)) == set(shas[position + 1 :])


def test_a_forced_push_keeps_the_old_commits_in_the_mirror(work, mirror_of, read):
    base, old = work.commit("base"), work.commit("old")
    mirror = mirror_of(work)
    work.git("reset", "-q", "--hard", base)
    new = work.commit("new")
    mirror.update()
    assert mirror.has(old)
    assert not mirror.is_ancestor(old, new)
    assert set(read(mirror, old)) == {new}
    assert set(read(mirror)) == {base, new}


def test_a_known_tip_that_is_gone_means_all_commits(work, mirror_of, read):
    shas = {work.commit("one"), work.commit("two")}
    assert set(read(mirror_of(work), "0" * 40)) == shas


def test_nothing_new(work, mirror_of, read):
    tip = work.commit("one")
    assert read(mirror_of(work), tip) == {}


def test_several_roots_octopus_and_empty_commits(work, mirror_of, read):
    shas = [work.commit("root")]
    for name in ("a", "b"):
        work.git("switch", "-q", "--orphan", name)
        shas.append(work.commit(f"root {name}"))
    work.git("switch", "-q", "main")
    parents = [word for sha in shas for word in ("-p", sha)]
    octopus = work.git("commit-tree", "-m", "octopus", *parents, "main^{tree}")
    work.git("reset", "-q", "--hard", octopus)
    empty = work.commit("empty", {})
    records = read(mirror_of(work))
    assert set(records) == {*shas, octopus, empty}
    assert records[octopus]["parents"] == shas
    for sha in (octopus, empty):
        assert (records[sha]["files"], records[sha]["insertions"], records[sha]["deletions"]) == ([], 0, 0)
    assert [records[sha]["parents"] for sha in shas] == [[], [], []]


def test_a_merge_has_no_paths_even_when_it_changed_some(work, mirror_of, read):
    work.commit("base", {"f": "1\n"})
    work.git("switch", "-q", "-c", "other")
    work.commit("other", {"f": "2\n"})
    work.git("switch", "-q", "main")
    work.commit("ours", {"f": "3\n"})
    work.git("merge", "-q", "-s", "ours", "--no-commit", "other")
    merge = work.commit("evil merge", {"f": "4\n", "g": "5\n"})
    assert read(mirror_of(work))[merge]["files"] == []


def test_renames_type_changes_and_submodules_are_plain_paths(work, mirror_of, read):
    first = work.commit("one", {"old": "1\n2\n3\n"})
    work.git("mv", "old", "new")
    second = work.commit("rename", {})
    (work.folder / "new").unlink()
    (work.folder / "new").symlink_to("target")
    third = work.commit("link", {})
    work.git("update-index", "--add", "--cacheinfo", f"160000,{first},module")
    work.git("commit", "-q", "-m", "submodule")
    fourth = work.git("rev-parse", "HEAD")
    records = read(mirror_of(work))
    assert records[second]["files"] == [
        {"path": "new", "insertions": 3, "deletions": 0},
        {"path": "old", "insertions": 0, "deletions": 3},
    ]
    assert [one["path"] for one in records[third]["files"]] == ["new"]
    assert records[fourth]["files"] == [{"path": "module", "insertions": 1, "deletions": 0}]


def test_any_bytes_in_paths(work, mirror_of, read):
    names = [
        b"tab\there",
        b"line\nfeed",
        b'quo"te',
        b"back\\slash",
        b" space ",
        b"\xff\xfe",
        "é".encode(),
        b"-",
    ]
    for name in names:
        Path(os.fsdecode(bytes(work.folder) + b"/" + name)).write_bytes(b"1\n")
    sha = work.commit("odd", {})
    record = read(mirror_of(work))[sha]
    assert {one["path"] for one in record["files"]} == {
        *("tab\there", "line\nfeed", 'quo"te', "back\\slash", " space ", "\\xff\\xfe", "é", "-")
    }
    assert record["insertions"] == len(names)
    assert record["escaped"] == ["files"]


@pytest.mark.parametrize(
    ("person", "parts"),
    [
        ("A <a@x> 1 +0000", ("A", "a@x")),
        (" <> 1 +0000", ("", "")),
        ("<a@x> 1 +0000", ("", "a@x")),
        ("A B <a <b>@x> 1 +0000", ("A B", "a <b")),
    ],
)
def test_odd_people_read_as_git_reads_them(work, mirror_of, read, person, parts):
    tree = work.git("write-tree")
    sha = work.raw_commit(f"tree {tree}\nauthor {person}\ncommitter {person}\n\nm\n".encode())
    record = read(mirror_of(work))[sha]
    assert (record["author_name"], record["author_email"]) == parts
    assert work.git("log", "-1", "--format=%an|%ae") == "|".join(parts)


def test_odd_commits_arrive(work, mirror_of, read):
    tree = work.git("write-tree")
    latin = work.raw_commit(
        f"tree {tree}\nauthor J\xf6rg <j@x> 1700000000 +0100\ncommitter J\xf6rg <j@x> 1700000000 +0100\n"
        f"encoding ISO-8859-1\n\ngr\xfc\xdfe\n".encode("latin-1")
    )
    nul = work.raw_commit(
        f"tree {tree}\nparent {latin}\nauthor A <a@x> 99999999999999999999 +0000\n"
        f"committer \xff <c@x> 1700000000 +9999\n\nbefore\0after\n".encode("latin-1")
    )
    bare = work.raw_commit(f"tree {tree}\nparent {nul}\n\n \n".encode())
    records = read(mirror_of(work))
    assert (records[latin]["author_name"], records[latin]["message"]) == ("Jörg", "grüße\n")
    assert records[latin]["escaped"] == []
    assert records[nul]["message"] == "before\\x00after\n"
    assert records[nul]["authored_at"] == "1970-01-01T00:00:00+00:00"
    assert records[nul]["authored_raw"] == "99999999999999999999 +0000"
    assert records[nul]["committer_name"] == "\\xff"
    assert records[nul]["committed_at"] == "2023-11-14T22:13:20+00:00"
    assert records[nul]["committed_raw"] == "1700000000 +9999"
    assert records[nul]["escaped"] == ["authored_at", "committer_name", "committed_at", "message"]
    assert (
        records[bare]["author_name"]
        == records[bare]["author_email"]
        == records[bare]["message"].strip()
        == ""
    )
    contract = load("git").streams["commits"]
    assert {contract.check(orjson.loads(orjson.dumps(one))) for one in records.values()} == {None}


def test_the_fingerprint_survives_cherry_pick_rebase_and_copy(work, mirror_of, read, tmp_path):
    work.commit("base", {"f": "1\n"})
    work.git("switch", "-q", "-c", "feature")
    first = work.commit("feature", {"g": "1\n"})
    work.git("switch", "-q", "main")
    work.commit("other", {"h": "1\n"})
    work.git("cherry-pick", first, GIT_COMMITTER_DATE="1800000000 +0000")
    picked = work.git("rev-parse", "HEAD")
    records = read(mirror_of(work))
    copies = read(mirror_of(work), branch="feature")
    assert picked != first
    assert records[picked]["fingerprint"] == copies[first]["fingerprint"]
    assert len({one["fingerprint"] for one in records.values()}) == len(records)


def test_what_a_repository_or_a_person_configures_changes_nothing(
    work, mirror_of, read, tmp_path, monkeypatch
):
    work.commit("one", {"a.txt": "1\n2\n"})
    work.git("mv", "a.txt", "b.txt")
    sha = work.commit(
        "two", {".gitattributes": "*.txt binary\n", ".mailmap": "Changed <changed@x> <Ada@example.com>\n"}
    )
    mirror = mirror_of(work)
    before = read(mirror)
    work.git("replace", sha, work.git("rev-parse", f"{sha}~"))
    (work.folder / ".git" / "info" / "grafts").write_text(f"{sha}\n")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[log]\n showSignature = true\n mailmap = true\n[diff]\n renames = copies\n noprefix = true\n"
        f'[url "file:///nowhere"]\n insteadOf = {work.folder}\n[core]\n quotePath = true\n'
        "[color]\n ui = always\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_TRACE", "2")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.bare")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "nonsense")
    mirror.update()
    assert read(mirror) == before
    again = type(mirror)(tmp_path / "mirrors" / "two", str(work.folder), None)
    again.update()
    assert read(again) == before
    assert before[sha]["author_name"] == "Ada"
    assert {one["path"]: one["deletions"] for one in before[sha]["files"]}["a.txt"] == 2


def _hole(work, mirror, kind):
    """Damage the mirror in the middle of its history: unpack it, then lose or break one object."""
    middle = work.git(
        "rev-parse", {"commit": "main~2", "tree": "main~2^{tree}", "blob": "main~2:2.txt"}[kind]
    )
    packs = list((mirror.folder / "objects" / "pack").glob("*.pack"))
    for pack in packs:
        moved = pack.rename(mirror.folder / pack.name)
        pack.with_suffix(".idx").unlink()
        with moved.open("rb") as file:
            subprocess.run(
                ["git", f"--git-dir={mirror.folder}", "unpack-objects", "-q"], stdin=file, check=True
            )
        moved.unlink()
    return mirror.folder / "objects" / middle[:2] / middle[2:]


@pytest.mark.parametrize("kind", ["commit", "tree", "blob"])
@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "garbled"])
def test_a_hole_fails_the_repository_as_a_whole(work, mirror_of, read, kind, damage):
    for number in range(5):
        work.commit(str(number), {f"{number}.txt": f"{number}\n" * 200})
    mirror = mirror_of(work)
    whole = read(mirror)
    file = _hole(work, mirror, kind)
    content = file.read_bytes()
    file.chmod(0o644)
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(
            {"empty": b"", "truncated": content[: len(content) // 2], "garbled": b"x" * 40}[damage]
        )
    with pytest.raises(PermanentError, match="missing or corrupt"):
        read(mirror)
    mirror.update()  # cloned anew
    assert read(mirror) == whole


def test_a_commit_with_another_content_than_its_id_says_is_a_hole(work, mirror_of, read):
    for number in range(5):
        work.commit(str(number))
    mirror = mirror_of(work)
    file = _hole(work, mirror, "commit")
    other = mirror.folder / "objects" / work.git("rev-parse", "main")[:2] / work.git("rev-parse", "main")[2:]
    file.chmod(0o644)
    file.write_bytes(other.read_bytes())
    with pytest.raises(PermanentError, match="missing or corrupt"):
        read(mirror)


def test_a_mirror_that_was_cut_is_a_hole(work, mirror_of, read):
    tip = [work.commit("one"), work.commit("two")][-1]
    mirror = mirror_of(work)
    (mirror.folder / "shallow").write_text(f"{tip}\n")
    with pytest.raises(PermanentError):
        read(mirror)


def test_stopping_early_leaves_no_process(work, mirror_of):
    for number in range(5):
        work.commit(str(number))
    mirror = mirror_of(work)
    tip = mirror.tip("main")
    records = commits(mirror, repository_id="r", branch="main", tip=tip, known_tip=None)
    next(records)
    records.close()
    assert not (mirror.folder / "observes-suspect").exists()


def test_a_commit_with_a_hundred_thousand_files(work, mirror_of, read):
    blob = work.git("hash-object", "-w", "--stdin", given=b"1\n2\n")
    index = "".join(f"100644 {blob}\tfolder{n % 100}/file{n}\n" for n in range(100_000))
    work.git("update-index", "--index-info", given=index.encode())
    work.git("commit", "-q", "-m", "many")
    (record,) = read(mirror_of(work)).values()
    assert len(record["files"]) == 100_000
    assert record["insertions"] == 200_000


def test_sha256_repositories(new_work, mirror_of, read):
    work = new_work("source256", "--object-format=sha256")
    shas = {work.commit("one"), work.commit("two")}
    assert set(read(mirror_of(work))) == shas


def test_memory_does_not_grow_with_the_number_of_commits(work, mirror_of):
    lines = []
    for number in range(1, 20_001):
        person = f"A <a@x> {1_700_000_000 + number} +0000"
        text = f"message {number} " + "x" * 500
        lines.append(
            f"commit refs/heads/main\nauthor {person}\ncommitter {person}\ndata {len(text)}\n{text}\n"
        )
    work.git("fast-import", "--quiet", given="".join(lines).encode())
    mirror = mirror_of(work)
    program = """
import resource, sys
from pathlib import Path
from observes_assets.sources.git.client import Mirror
from observes_assets.sources.git.streams import commits
mirror = Mirror(Path(sys.argv[1]), "unused", None)
records = commits(mirror, repository_id="r", branch="main", tip=mirror.tip("main"), known_tip=None)
for _ in range(1000):
    next(records)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = 1000 + sum(1 for _ in records)
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, mirror.folder], capture_output=True, check=True, text=True
    )
    count, grown = map(int, done.stdout.split())
    assert count == 20_000
    assert grown < 4_000  # KB; the records together are some 20 MB
