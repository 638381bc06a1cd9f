"""Mirrors: made, refreshed, healed, published; and what they refuse."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import threading
import time

import pytest

from observes_assets.errors import PermanentError, TransientError
from observes_assets.sources.git.client import Mirror


def leftovers(mirror):
    known = {mirror.folder.name, f"{mirror.folder.name}.lock", ".git-home"}
    return {one.name for one in mirror.folder.parent.iterdir()} - known


def test_clone_then_fetch(work, mirror_of):
    first = work.commit("one")
    work.git("branch", "other")
    mirror = mirror_of(work)
    assert mirror.tip("main") == first
    assert mirror.branches() == ["main", "other"]
    digest = mirror.refs_digest()
    mirror.update()
    assert mirror.refs_digest() == digest
    second = work.commit("two")
    work.git("branch", "-D", "other")
    mirror.update()
    assert mirror.tip("main") == second
    assert mirror.tip("other") is None
    assert mirror.refs_digest() != digest
    assert mirror.has(first)
    assert not mirror.has("0" * 40)
    assert mirror.is_ancestor(first, second)
    assert not mirror.is_ancestor(second, first)
    assert not mirror.is_ancestor("0" * 40, second)
    assert leftovers(mirror) == set()


def test_an_empty_repository(work, mirror_of, tmp_path):
    mirror = mirror_of(work)
    assert mirror.is_empty()
    assert mirror.tip("main") is None
    assert mirror.branches() == []
    mirror.update()
    with pytest.raises(PermanentError, match="empty"):
        mirror.bundle(tmp_path / "bundle")
    sha = work.commit("one")
    mirror.update()
    assert not mirror.is_empty()
    assert mirror.tip("main") == sha


def test_a_repository_with_tags_only_is_not_empty(work, mirror_of):
    work.commit("one")
    work.git("tag", "-a", "-m", "annotated", "v1")
    work.git("switch", "-q", "--detach")
    work.git("branch", "-D", "main")
    mirror = mirror_of(work)
    assert not mirror.is_empty()
    assert mirror.tip("main") is None
    assert mirror.tip("v1") is None
    assert mirror.branches() == []


@pytest.mark.parametrize(
    "branch", ["feature/one", "ünïcode", "-dash", "v1.0", "a@b", "refs/heads/x", "quo'te\"$x"]
)
def test_odd_branch_names(work, mirror_of, branch):
    sha = work.commit("one")
    work.git("update-ref", f"refs/heads/{branch}", sha)
    assert mirror_of(work).tip(branch) == sha


def test_a_branch_is_a_name_never_an_expression(work, mirror_of):
    work.commit("one")
    work.commit("two")
    work.git("tag", "v1")
    mirror = mirror_of(work)
    for words in ("main~1", "HEAD", "mai*", "main^{tree}", "tags/v1", "@", "", "MAIN"):
        assert mirror.tip(words) is None


def test_a_folder_takes_the_place_of_a_branch(work, mirror_of):
    sha = work.commit("one")
    work.git("branch", "a")
    mirror = mirror_of(work)
    work.git("branch", "-D", "a")
    work.git("branch", "a/b")
    mirror.update()
    assert mirror.tip("a/b") == sha
    assert mirror.tip("a") is None


def test_any_local_form(work, tmp_path, new_work):
    sha = work.commit("one")
    work.git("clone", "-q", "--bare", work.folder, tmp_path / "bare.git")
    work.git("worktree", "add", "-q", tmp_path / "worktree")
    work.git("bundle", "create", tmp_path / "file.bundle", "--all")
    spaced = shutil.copytree(work.folder, tmp_path / "a 'b\" $c")
    (tmp_path / "borrowed").mkdir()
    work.git("clone", "-q", "--shared", work.folder, tmp_path / "borrowed")
    urls = [
        *(f"{work.folder}/.git", f"file://{work.folder}", tmp_path / "bare.git", tmp_path / "worktree"),
        *(tmp_path / "file.bundle", spaced, tmp_path / "borrowed", f"file://{tmp_path}/a%20'b%22%20$c"),
    ]
    for number, url in enumerate(urls):
        mirror = Mirror(tmp_path / "mirrors" / str(number), str(url), None)
        mirror.update()
        mirror.update()
        assert mirror.tip("main") == sha, url
    assert not (tmp_path / "mirrors" / "6" / "objects" / "info" / "alternates").exists()


def test_a_checkout_of_another_user(work, mirror_of):
    sha = work.commit("one")
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    subprocess.run(["chown", "-R", "12345:12345", work.folder], check=True)
    assert mirror_of(work).tip("main") == sha


def test_no_hook_runs(work, mirror_of, tmp_path, monkeypatch):
    work.commit("one")
    home = tmp_path / "home"
    (home / "templates" / "hooks").mkdir(parents=True)
    names = subprocess.run(
        ["ls", "/usr/share/git-core/templates/hooks"], capture_output=True, text=True, check=False
    )
    hooks = {one.removesuffix(".sample") for one in names.stdout.split()} | {
        *(
            "post-checkout",
            "reference-transaction",
            "pre-auto-gc",
            "post-update",
            "pre-receive",
            "fsmonitor-watchman",
        )
    }
    for folder in (work.folder / ".git" / "hooks", home / "templates" / "hooks"):
        folder.mkdir(exist_ok=True)
        for name in hooks:
            (folder / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
            (folder / name).chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[init]\n templateDir = {home}/templates\n[core]\n hooksPath = {home}/templates/hooks\n"
        f"[uploadpack]\n packObjectsHook = {home}/templates/hooks/pre-receive\n"
    )
    work.git("config", "core.fsmonitor", f"{work.folder}/.git/hooks/fsmonitor-watchman")
    work.git("config", "uploadpack.packObjectsHook", f"{work.folder}/.git/hooks/pre-receive")
    monkeypatch.setenv("HOME", str(home))
    mirror = mirror_of(work)
    (work.folder / "more").write_text("1")
    work.git("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "add", ".")
    work.git("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "commit", "-qm", "two")
    mirror.update()
    assert mirror.tip("main") == work.git("rev-parse", "main")
    assert not (tmp_path / "hook-ran").exists()


def test_shallow_and_partial_sources_are_refused(work, mirror_of, tmp_path):
    for number in range(4):
        work.commit(str(number))
    work.git("config", "uploadpack.allowFilter", "true")
    for name, option in (("shallow", "--depth=2"), ("partial", "--filter=blob:none")):
        work.git("clone", "-q", option, f"file://{work.folder}", tmp_path / name)
        mirror = Mirror(tmp_path / "mirrors" / name, str(tmp_path / name), None)
        with pytest.raises(PermanentError, match=f"is a {name} clone") as caught:
            mirror.update()
        assert caught.value.remedy
        assert not mirror.folder.exists()


def test_a_source_that_becomes_shallow(work, mirror_of, tmp_path, server):
    for number in range(4):
        work.commit(str(number))
    mirror = Mirror(tmp_path / "mirrors" / "one", f"{server.url}/source", None)
    mirror.update()
    tip = mirror.tip("main")
    work.git("commit", "-q", "--allow-empty", "-m", "five")
    shutil.move(work.folder, tmp_path / "moved")
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{tmp_path}/moved", work.folder], check=True)
    with pytest.raises(PermanentError, match="shallow clone"):
        mirror.update()
    fresh = Mirror(tmp_path / "mirrors" / "two", f"{server.url}/source", None)
    with pytest.raises(PermanentError, match="shallow clone"):
        fresh.update()
    assert mirror.tip("main") == tip
    assert not (mirror.folder / "shallow").exists()


@pytest.mark.parametrize("kind", ["main~2", "main~2^{tree}", "main~2:2.txt"])
def test_a_source_with_a_hole_gives_no_mirror(work, mirror_of, tmp_path, kind):
    for number in range(5):
        work.commit(str(number))
    file = work.object_file(work.git("rev-parse", kind))
    file.unlink()
    mirror = Mirror(tmp_path / "mirrors" / "one", str(work.folder), None)
    with pytest.raises(PermanentError, match="missing or corrupt objects") as caught:
        mirror.update()
    assert "git fsck" in caught.value.remedy
    assert leftovers(mirror) == set()
    assert not mirror.folder.exists()


def test_what_is_not_there(tmp_path, new_work):
    (tmp_path / "plain").mkdir()
    for url in (tmp_path / "nothing", tmp_path / "plain"):
        with pytest.raises(PermanentError, match="no such"):
            Mirror(tmp_path / "mirrors" / "one", str(url), None).update()


@pytest.mark.parametrize(
    "damage", ["no HEAD", "no objects", "no refs", "bad config", "cut pack", "no idx", "file"]
)
def test_a_damaged_mirror_is_cloned_anew(work, mirror_of, damage, read):
    for number in range(3):
        work.commit(str(number), {f"{number}": os.urandom(500)})
    mirror = mirror_of(work)
    whole = read(mirror)
    pack = next((mirror.folder / "objects" / "pack").glob("*.pack"))
    match damage:
        case "no HEAD":
            (mirror.folder / "HEAD").unlink()
        case "no objects":
            shutil.rmtree(mirror.folder / "objects")
        case "no refs":
            (mirror.folder / "packed-refs").unlink()
            shutil.rmtree(mirror.folder / "refs")
        case "bad config":
            (mirror.folder / "config").write_text("[core\n")
        case "cut pack":
            pack.chmod(0o644)
            pack.write_bytes(pack.read_bytes()[:100])
        case "no idx":
            pack.with_suffix(".idx").unlink()
        case "file":
            shutil.rmtree(mirror.folder)
            mirror.folder.write_text("not a folder")
    work.commit("new")
    mirror.update()
    records = read(mirror)
    assert set(whole) < set(records)
    assert len(records) == 4


def test_a_ref_that_cannot_be_read_is_not_an_empty_repository(work, mirror_of):
    work.commit("one")
    mirror = mirror_of(work)
    (mirror.folder / "packed-refs").unlink()
    (mirror.folder / "refs" / "heads").mkdir(exist_ok=True)
    (mirror.folder / "refs" / "heads" / "main").write_text("")
    with pytest.raises(PermanentError):
        mirror.is_empty()
    mirror.update()
    assert mirror.tip("main")


def test_a_failed_clone_keeps_the_old_mirror(work, mirror_of, tmp_path):
    tip = work.commit("one")
    mirror = mirror_of(work)
    mirror.suspect()
    gone = Mirror(mirror.folder, str(tmp_path / "nowhere"), None)
    with pytest.raises(PermanentError):
        gone.update()
    assert mirror.tip("main") == tip
    mirror.update()
    assert not (mirror.folder / "observes-suspect").exists()


def test_what_a_killed_run_left_behind(work, mirror_of):
    work.commit("one")
    mirror = mirror_of(work)
    for left in ("packed-refs.lock", "refs/heads/main.lock", "config.lock", "objects/pack/tmp_pack_x"):
        (mirror.folder / left).parent.mkdir(parents=True, exist_ok=True)
        (mirror.folder / left).touch()
    for name in ("new", "old"):
        (mirror.folder.with_name(f"one.{name}") / "deep").mkdir(parents=True)
    tip = work.commit("two")
    mirror.update()
    assert mirror.tip("main") == tip
    assert leftovers(mirror) == set()
    assert not list(mirror.folder.glob("**/tmp_pack_x"))


def test_two_updates_wait_for_each_other(work, mirror_of, tmp_path):
    work.commit("one")
    mirror = mirror_of(work)
    impatient = Mirror(mirror.folder, str(work.folder), None, timeout_seconds=0.3)
    with mirror.folder.with_name("one.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(TransientError, match="still updating"):
            impatient.update()
        waiting = threading.Thread(target=mirror.update)
        waiting.start()
        time.sleep(0.3)
        assert waiting.is_alive()
    waiting.join(120)
    assert not waiting.is_alive()


def test_many_fetches_stay_few_packs_and_keep_what_no_branch_reaches(work, mirror_of, monkeypatch):
    monkeypatch.setattr("observes_assets.sources.git.client._MANY_PACKS", 3)
    base = work.commit("base")
    lost = work.commit("lost")
    mirror = mirror_of(work)
    work.git("reset", "-q", "--hard", base)
    for number in range(8):
        work.commit(str(number))
        mirror.update()
    assert len(list(mirror.folder.glob("objects/pack/*.pack"))) <= 4
    assert mirror.has(lost)


def test_a_bundle_can_be_cloned(work, mirror_of, tmp_path):
    sha = work.commit("one")
    work.git("tag", "-a", "-m", "annotated", "v1")
    mirror = mirror_of(work)
    mirror.bundle(tmp_path / "one.bundle")
    work.git("clone", "-q", tmp_path / "one.bundle", tmp_path / "cloned")
    assert work.git("-C", tmp_path / "cloned", "rev-parse", "HEAD") == sha
    assert [one.name for one in tmp_path.iterdir() if "bundle" in one.name] == ["one.bundle"]


def test_a_bundle_of_a_damaged_mirror_does_not_appear(work, mirror_of, tmp_path):
    work.commit("one")
    mirror = mirror_of(work)
    for pack in mirror.folder.glob("objects/pack/*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(b"x" * 100)
    with pytest.raises(PermanentError):
        mirror.bundle(tmp_path / "one.bundle")
    assert not [one for one in tmp_path.iterdir() if "bundle" in one.name]


def test_another_url_for_the_same_mirror(work, mirror_of, new_work):
    work.commit("one")
    mirror = mirror_of(work)
    other = new_work("other")
    sha = other.commit("elsewhere")
    moved = Mirror(mirror.folder, str(other.folder), None)
    moved.update()
    assert moved.tip("main") == sha


def test_a_mirror_that_was_never_made(tmp_path):
    mirror = Mirror(tmp_path / "one", "/nowhere", None)
    with pytest.raises(PermanentError, match="no mirror"):
        mirror.tip("main")
    with pytest.raises(ValueError, match="commit id"):
        mirror.has("--help")


def test_the_digest_is_of_all_refs(work, mirror_of):
    sha = work.commit("one")
    expected = hashlib.sha256(f"{sha} refs/heads/main\0".encode()).hexdigest()
    assert mirror_of(work).refs_digest() == expected


def test_a_folder_that_cannot_be_written(work, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PermanentError, match="can't be written"):
        Mirror(tmp_path / "file" / "one", str(work.folder), None).update()
