"""What every bucket must do; test_bucket_folder.py and test_bucket_s3.py run it against theirs."""

import threading
from pathlib import Path

import pytest

from observes_assets.bucket import Bucket, NotInBucketError

NAMES = ["a-b", "a-c/c", "a.b", "a/b", "a/c/d", "a/c/é", "a/c/🙂", "a0", "ab", "b/1", "b/10", "b/9"]


class BucketContract:
    """Subclasses bring a fixture ``bucket``, empty for each test."""

    def test_first_writer_keeps_the_name(self, bucket: Bucket) -> None:
        assert bucket.put_new("archive/git/commits/1.json", b"first")
        assert not bucket.put_new("archive/git/commits/1.json", b"second, longer")
        assert not bucket.put_new("archive/git/commits/1.json", b"FIRST")
        assert bucket.get("archive/git/commits/1.json") == b"first"

    def test_put_replaces(self, bucket: Bucket) -> None:
        bucket.put("bills/summary.json", b"one")
        bucket.put("bills/summary.json", b"")
        assert bucket.get("bills/summary.json") == b""
        assert list(bucket.names("")) == ["bills/summary.json"]

    def test_files_go_in_and_come_out(self, bucket: Bucket, tmp_path: Path) -> None:
        data = bytes(range(256)) * 20_000  # about 5 MB: several chunks
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(data)
        assert bucket.put_new("data/new", source)
        assert not bucket.put_new("data/new", b"other")
        bucket.put("data/put", source)
        for name in ("data/new", "data/put"):
            bucket.download(name, target)
            assert target.read_bytes() == data
            assert bucket.get(name) == data
        assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["source", "target"]

    def test_missing_objects(self, bucket: Bucket, tmp_path: Path) -> None:
        bucket.put("a/b", b"")
        for name in ("nothing", "a", "a/b/c"):
            with pytest.raises(NotInBucketError, match=f"^{name} isn't in the bucket"):
                bucket.get(name)
            with pytest.raises(NotInBucketError):
                bucket.download(name, tmp_path / "target")
            assert not bucket.exists(name)
            bucket.delete(name)
        assert not (tmp_path / "target").exists()
        assert bucket.exists("a/b")

    def test_delete(self, bucket: Bucket) -> None:
        bucket.put("a/b", b"")
        bucket.delete("a/b")
        bucket.delete("a/b")
        assert not bucket.exists("a/b")
        assert list(bucket.names("")) == []
        assert bucket.put_new("a/b", b"again")

    def test_names_are_sorted_as_whole_strings(self, bucket: Bucket) -> None:
        for name in reversed(NAMES):
            bucket.put(name, b"")
        assert list(bucket.names("")) == sorted(NAMES)
        for prefix in ("a", "a/", "a/c/", "b/1", "c", "a/c/d/"):
            expected = [name for name in sorted(NAMES) if name.startswith(prefix)]
            assert list(bucket.names(prefix)) == expected

    @pytest.mark.parametrize("prefix", ["", "a", "a/", "b/"])
    def test_names_go_on_after_a_name(self, bucket: Bucket, prefix: str) -> None:
        for name in NAMES:
            bucket.put(name, b"")
        for after in [*NAMES, "a", "a-", "a-c", "a/", "a/c", "a/c/", "a/c/d/x", "b", "b/1.json", "z"]:
            expected = [name for name in sorted(NAMES) if name.startswith(prefix) and name > after]
            assert list(bucket.names(prefix, after)) == expected, after

    @pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "../a", "a/./b", "a\nb", "a/.tmp-1", "\ud800"])
    def test_bad_names_are_refused(self, bucket: Bucket, name: str, tmp_path: Path) -> None:
        for use in (bucket.get, bucket.exists, bucket.delete):
            with pytest.raises(ValueError, match="can't name an object"):
                use(name)
        for put in (bucket.put, bucket.put_new):
            with pytest.raises(ValueError, match="can't name an object"):
                put(name, b"")
        with pytest.raises(ValueError, match="can't name an object"):
            bucket.download(name, tmp_path / "target")

    def test_of_eight_writers_one_wins(self, bucket: Bucket) -> None:
        for turn in range(3):
            name, won = f"race/{turn}.json", []
            barrier = threading.Barrier(8)

            def write(
                number: int, name: str = name, won: list[int] = won, at: threading.Barrier = barrier
            ) -> None:
                at.wait()
                if bucket.put_new(name, b"%d" % number):
                    won.append(number)

            threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert [b"%d" % number for number in won] == [bucket.get(name)]
