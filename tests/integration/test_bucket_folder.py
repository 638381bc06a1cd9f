import hashlib
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from observes_assets.bucket import Bucket, open_bucket
from observes_assets.errors import ObservesError, SettingsError
from tests.integration.bucket_contract import BucketContract


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "buckets" / "the bucket"


@pytest.fixture
def bucket(folder: Path) -> Bucket:
    return open_bucket(str(folder))


class TestContract(BucketContract):
    pass


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def python(code: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], stdout=subprocess.PIPE, text=True
    )


def output(code: str, *arguments: str) -> str:
    process = python(code, *arguments)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return printed.strip()


def test_only_the_owner_can_read_whatever_the_umask(folder: Path) -> None:
    for number, umask in enumerate((0, 0o777)):
        before = os.umask(umask)
        try:
            open_bucket(str(folder / f"{number}")).put_new("a/b/c", b"")
        finally:
            os.umask(before)
        for path in [folder, *folder.rglob("*")]:
            expected = 0o600 if path.is_file() else 0o700
            assert stat.S_IMODE(path.stat().st_mode) == expected, path


def test_bytes_are_on_disk_before_the_name_and_the_name_before_we_return(
    bucket: Bucket, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    fsync, link, rename = os.fsync, os.link, os.replace

    def logged_fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        events.append("fsync staged" if path.is_file() else f"fsync {path.relative_to(folder.parent)}")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", logged_fsync)
    monkeypatch.setattr(os, "link", lambda *names, **more: (events.append("name"), link(*names, **more)))
    monkeypatch.setattr(os, "replace", lambda *names: (events.append("name"), rename(*names)))
    bucket.put_new("a/b/c", b"x")
    new = events.copy()
    events.clear()
    bucket.put("a/b/c", b"y")
    replaced = events.copy()
    root = folder.name
    assert new[new.index("fsync staged") :] == [
        "fsync staged", f"fsync {root}", f"fsync {root}/a", "name", f"fsync {root}/a/b"
    ]  # fmt: skip
    assert replaced == ["fsync staged", "name", f"fsync {root}/a/b"]
    events.clear()
    bucket.put_new("a/b/c", b"z")
    assert events[-1] == f"fsync {root}/a/b"  # the winner may not have come so far


def test_what_others_made_is_fsynced_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    bucket = open_bucket(str(folder))
    synced: list[str] = []
    fsync = os.fsync

    def logged_fsync(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", logged_fsync)
    bucket.put("a/b/c", b"")
    assert {str(folder.parent), str(folder), str(folder / "a"), str(folder / "a" / "b")} <= set(synced)


def test_left_overs_are_swept_after_a_day(bucket: Bucket, folder: Path) -> None:
    bucket.put("a", b"")
    old, young = folder / ".tmp" / ".tmp-old", folder / ".tmp" / ".tmp-young"
    old.touch()
    young.touch()
    os.utime(old, (time.time() - 25 * 3600,) * 2)
    again = open_bucket(str(folder))
    assert files(folder) == [".tmp/.tmp-young", "a"]
    assert list(again.names("")) == ["a"]


def test_foreign_files_are_no_objects(bucket: Bucket, folder: Path) -> None:
    bucket.put("a/b", b"")
    (folder / "a" / ".tmp-copy").touch()
    (folder / "a" / "line\nbreak").touch()
    Path(os.fsdecode(os.fsencode(folder) + b"/a/latin-\xe9")).touch()
    assert list(bucket.names("")) == ["a/b"]


def test_many_names(bucket: Bucket, folder: Path) -> None:
    (folder / "many").mkdir()
    for number in range(20_000):
        os.close(os.open(folder / "many" / f"{number:06}.json", os.O_CREAT | os.O_WRONLY))
    assert sum(1 for _ in bucket.names("many/")) == 20_000
    assert list(bucket.names("many/", after="many/019997.json")) == ["many/019998.json", "many/019999.json"]


@pytest.mark.parametrize("name", ["a", "a/b/c"])
def test_file_and_folder_of_one_name(bucket: Bucket, name: str, folder: Path) -> None:
    bucket.put("a/b", b"kept")
    for put in (bucket.put, bucket.put_new):
        with pytest.raises(ObservesError, match=r"can't be used: .* is where a .* should be"):
            put(name, b"")
    assert files(folder) == ["a/b"]


def test_without_hard_links(bucket: Bucket, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_names: object, **_more: object) -> None:
        raise PermissionError(1, "Operation not permitted")  # what vfat answers

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(SettingsError, match="can't make hard links"):
        bucket.put_new("a", b"")
    assert files(folder) == []


def test_opening_a_folder_doesnt_import_boto3(folder: Path) -> None:
    code = """
        import sys
        from observes_assets.bucket import open_bucket
        open_bucket(sys.argv[1])
        print("boto3" in sys.modules)
    """
    assert output(code, str(folder)) == "False"


PUT_TOO_MUCH = """
    import os, resource, sys
    from observes_assets.bucket import open_bucket
    from observes_assets.errors import ObservesError
    bucket = open_bucket(sys.argv[1])
    if sys.argv[2] == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
    if sys.argv[2] == "nobody":
        os.setegid(65534)
        os.seteuid(65534)
    for put in (bucket.put_new, bucket.put):
        try:
            put("bills/large", b"x" * 3_000_000)
        except ObservesError as error:
            print(type(error).__name__, error)
    assert not bucket.exists("bills/large")
"""


def test_too_large_a_file_leaves_nothing(folder: Path) -> None:
    said = output(PUT_TOO_MUCH, str(folder), "limit").splitlines()
    expected = (
        f"ObservesError The folder {folder} can't be used: File too large. "
        "Raise the limit on file sizes (ulimit -f), then run again."
    )
    assert said == [expected, expected]
    assert files(folder) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "observes-test", disk], check=False, capture_output=True
    )
    if mount.returncode != 0:
        pytest.skip("mounting a small disk isn't permitted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_full_disk_leaves_nothing_and_goes_on_later(small_disk: Path) -> None:
    bucket = open_bucket(str(small_disk / "bucket"))
    assert bucket.put_new("a", b"kept")
    large = small_disk.parent / "large"
    large.write_bytes(b"x" * 3_000_000)
    for put in (bucket.put_new, bucket.put):
        with pytest.raises(ObservesError, match=r"No space left on device\. Free some space there"):
            put("a/b" if put == bucket.put else "large", large)
    assert files(small_disk) == ["bucket/a"]
    assert bucket.put_new("b", b"x" * 500_000)


def test_full_disk_of_a_download(bucket: Bucket, small_disk: Path) -> None:
    bucket.put("large", b"x" * 3_000_000)
    with pytest.raises(ObservesError, match=f"The folder {small_disk} can't be used: No space"):
        bucket.download("large", small_disk / "target")
    assert files(small_disk) == []


def test_read_only_disk_can_be_read(small_disk: Path) -> None:
    open_bucket(str(small_disk / "bucket")).put_new("a", b"kept")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    bucket = open_bucket(str(small_disk / "bucket"))
    assert bucket.get("a") == b"kept"
    for put in (bucket.put_new, bucket.put):
        with pytest.raises(ObservesError, match=r"Read-only file system\. Mount it for writing"):
            put("b", b"")


def test_without_the_right_to_write() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        said = output(PUT_TOO_MUCH, folder, "nobody").splitlines()
        assert len(said) == 2
        assert all("Permission denied. Give this user the right" in line for line in said)
        assert files(Path(folder)) == []


def test_a_folder_that_cant_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ObservesError, match=r"Not a directory\. A file is where a folder should be"):
        open_bucket(str(tmp_path / "file" / "bucket"))


WRITE_FOR_EVER = """
    import hashlib, random, sys
    from pathlib import Path
    from observes_assets.bucket import open_bucket
    bucket = open_bucket(sys.argv[1])
    dice = random.Random(sys.argv[2])
    while True:
        data = dice.randbytes(dice.choice([10, 5_000, 2_000_000]))
        data = hashlib.sha256(data).digest() + data
        put = dice.choice([bucket.put_new, bucket.put])
        put(f"{dice.randrange(3)}/{dice.randrange(40)}", data)
        print("written", flush=True)
"""


def test_killed_writers_leave_whole_objects(bucket: Bucket, folder: Path) -> None:
    dice = random.Random(7)
    for turn in range(8):
        writer = python(WRITE_FOR_EVER, str(folder), str(turn))
        assert writer.stdout is not None
        assert [writer.stdout.readline() for _ in range(2)] == ["written\n"] * 2
        time.sleep(dice.random() * 0.2)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        for name in bucket.names(""):
            data = bucket.get(name)
            assert hashlib.sha256(data[32:]).digest() == data[:32], name
    assert sum(1 for _ in bucket.names("")) > 5
