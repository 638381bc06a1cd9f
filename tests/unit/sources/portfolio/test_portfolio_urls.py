"""Which URLs are taken, and when two are the same place."""

from pathlib import Path

import pytest

from observes_assets.sources.portfolio.urls import (
    absolute_url,
    comparable_url,
    is_local,
    sends_in_clear,
    url_problem,
)

TAKEN = [
    "https://example.com/a/b.git",
    "http://example.com:8080/a",
    "HTTPS://Example.com/a",
    "https://[2001:db8::1]:8443/a",
    "https://example.com/a/@scope",
    "ssh://git@example.com:2222/a/b",
    "git@example.com:a/b.git",
    "example.com:b",
    "git@[2001:db8::1]:a",
    "file:///srv/git/a",
    "/srv/git/a b",
    "../a",
    "./a:b",
    ".",
    "web",
    "~/a",
]
REFUSED = {
    "": "empty",
    " /a": "spaces",
    "-u/a": 'begin with "-"',
    "--upload-pack=x": 'begin with "-"',
    "ext::sh -c x": "transport helper",
    "fd::17": "transport helper",
    "git://example.com/a": "must be https, http, ssh or file",
    "ftp://example.com/a": "must be https",
    "s3://bucket/a": "must be https",
    "https://user:hunter2@example.com/a": "credential: NAME",
    "https://hunter2@example.com/a": "credential: NAME",
    "https://@example.com/a": "credential: NAME",
    "ssh://git:hunter2@example.com/a": "credential: NAME",
    "user:hunter2@example.com/a": "credential: NAME",
    "https://example.com/a?token=hunter2": '"?"',
    "https://example.com/a#hunter2": '"#"',
    "https://example.com": "no path",
    "https://example.com/": "no path",
    "https:///a": "host",
    "https://exa mple.com/a": "host",
    "https://example.com/a b": "white space",
    "https://example.com\\@evil.test/a": "credential: NAME",
    "https://example.com:port/a": "not a valid URL",
    "https://[::1/a": "not a valid URL",
    "ssh://-oProxyCommand=x/a": "host",
    "ssh://-x@example.com/a": "host",
    "-oProxyCommand=x:a": 'begin with "-"',
    "git@-oProxyCommand=x:a": "not valid as user@host:path",
    "git@example.com:": "not valid as user@host:path",
    "https:/example.com/a": "two slashes",
    "file://srv/a": "file:///",
    "file:///": "file:///",
    "~nobody-of-that-name/a": "home folder",
}


@pytest.mark.parametrize("url", TAKEN)
def test_takes(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize("url", REFUSED)
def test_refuses_without_quoting(url: str) -> None:
    problem = url_problem(url)
    assert problem is not None
    assert REFUSED[url] in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a", "https://example.com/a.git"),
        ("https://example.com/a", "HTTPS://EXAMPLE.com:443/a/"),
        ("http://example.com/a", "http://example.com:80/a.git/"),
        ("ssh://git@example.com/a", "ssh://git@example.com:22/a"),
        ("git@example.com:a", "git@EXAMPLE.com:a.git"),
        ("/srv/a", "/srv/a/"),
    ],
)
def test_same_place(one: str, other: str) -> None:
    assert comparable_url(one) == comparable_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a", "https://example.com/A"),
        ("https://example.com/a", "http://example.com/a"),
        ("https://example.com/a", "https://example.com:8443/a"),
        ("https://example.com/a", "ssh://example.com/a"),
        ("ssh://git@example.com/a", "ssh://example.com/a"),
        ("git@example.com:a", "ssh://git@example.com/a"),
        ("git@example.com:a", "git@example.com:/a"),
        # A checkout and a bare repository often lie side by side.
        ("/srv/a", "/srv/a.git"),
        ("/srv/a", "file:///srv/a"),
    ],
)
def test_perhaps_another_place(one: str, other: str) -> None:
    assert comparable_url(one) != comparable_url(other)


def test_only_paths_are_made_absolute(tmp_path: Path) -> None:
    assert absolute_url("../a/", tmp_path / "b") == str(tmp_path / "a")
    assert absolute_url("/srv/../a", tmp_path) == "/a"
    for url in ("https://example.com/a/../b", "git@example.com:a", "file:///srv/a"):
        assert absolute_url(url, tmp_path) == url


def test_local_and_in_clear() -> None:
    assert [url for url in TAKEN if is_local(url)] == TAKEN[9:]
    assert [url for url in TAKEN if sends_in_clear(url)] == ["http://example.com:8080/a"]
    assert not sends_in_clear("http://localhost/a")
