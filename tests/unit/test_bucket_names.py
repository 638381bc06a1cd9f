from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observes_assets.bucket import check_name, open_bucket
from observes_assets.bucket.names import check_prefix, start_marker, walk
from observes_assets.errors import SettingsError

# '-' and '.' sort before '/', '0' right after it: where whole names and levels sort differently.
names = st.lists(st.text("a-.0é", min_size=1, max_size=4), min_size=1, max_size=3).map("/".join)
objects = st.sets(names.filter(lambda name: not set(name.split("/")) & {".", ".."}), max_size=20)


def level_of(stored: set[str], parent: str, prefix: str) -> set[str]:
    below = {name for name in stored if name.startswith(parent) and name.startswith(prefix)}
    return {
        parent + name[len(parent) :].partition("/")[0] + "/" * ("/" in name[len(parent) :]) for name in below
    }


@given(objects, names | st.just(""), names | st.just(""), st.booleans(), st.booleans())
def test_walk_finds_every_name_in_order(
    stored: set[str], prefix: str, after: str, is_folder: bool, sorts_by_level: bool
) -> None:
    """Against servers that start at the marker, in either order, and against a folder, which doesn't."""

    def order(name: str) -> list[str] | str:
        return name.rstrip("/").split("/") if sorts_by_level else name

    def list_level(parent: str, prefix: str, after: str) -> Iterator[str]:
        if parent:
            yield parent  # as SeaweedFS does
        marker = start_marker(parent, after)
        for name in level_of(stored, parent, "" if is_folder else prefix):
            if is_folder or not marker or order(name) > order(marker):
                yield name

    if prefix and not prefix[-1].isalnum():
        prefix += "/"
    expected = sorted(name for name in stored if name.startswith(prefix) and name > after)
    assert list(walk(list_level, prefix, after)) == expected


@pytest.mark.parametrize(
    ("parent", "after", "expected"),
    [
        ("a/", "", ""),
        ("a/", "b/1", ""),
        ("a/", "a/123.json", "a/12"),
        ("a/", "a/123/4", "a/12"),
        ("a/", "a/1.json", ""),
        ("", "archive/git/commits/1.json", "archiv"),
    ],
)
def test_start_marker(parent: str, after: str, expected: str) -> None:
    assert start_marker(parent, after) == expected


@pytest.mark.parametrize("name", ["a", "a/b", "a b/é🙂.json", "a/..b", "x" * 255, "é" * 127])
def test_good_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/."),
        *("a\0", "a\x7f", "a\x85b", "\udcff", ".tmp", ".tmp-1/a", "a/.tmp-x"),
        *("x" * 256, "é" * 128, "a/" * 450 + "a"),
    ],
)
def test_bad_names(name: str) -> None:
    with pytest.raises(ValueError, match="can't name an object"):
        check_name(name)


def test_prefixes() -> None:
    for prefix in ("", "a", "a/", "a/b", "a/b/"):
        assert check_prefix(prefix) == prefix
    for prefix in ("/", "/a", "a//", "../", "a/../b", "a\n"):
        with pytest.raises(ValueError, match="can't start a name"):
            check_prefix(prefix)


@pytest.mark.parametrize(
    "url", ["", "relative/folder", "~/bucket", "file:///a", "gs://bucket", "https://key:pw@x"]
)
def test_urls_that_are_no_bucket(url: str) -> None:
    with pytest.raises(SettingsError, match=r"must be s3://bucket/prefix or an absolute path") as caught:
        open_bucket(url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///a", "s3://key:pw@bucket", "s3://b!", "s3://bucket/a//b", "s3://bucket/../b"]
)
def test_urls_that_are_no_s3_bucket(url: str) -> None:
    with pytest.raises(SettingsError, match="OBSERVES_BUCKET_URL isn't s3://") as caught:
        open_bucket(url)
    assert "pw" not in str(caught.value)
