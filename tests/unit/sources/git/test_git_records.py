"""Commit objects as records, without git."""

import hashlib
import re
from datetime import datetime

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from observes_assets.contracts import load
from observes_assets.sources.git.records import (
    co_authors,
    commit_record,
    decode,
    fingerprint,
    identity,
    moment,
)

EPOCH = "1970-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("raw", "time", "exact"),
    [
        (b"1700000000 +0530", "2023-11-15T03:43:20+05:30", True),
        (b"1700000000 -0330", "2023-11-14T18:43:20-03:30", True),
        (b"0 +0000", EPOCH, True),
        (b"-1 +0000", "1969-12-31T23:59:59+00:00", True),
        (b"-62135596800 +0000", "0001-01-01T00:00:00+00:00", True),
        (b"253402300799 +0000", "9999-12-31T23:59:59+00:00", True),
        (b"1700000000 +1559", "2023-11-15T14:12:20+15:59", True),
        # The moment is right, the offset can't be said.
        (b"1700000000 -0000", "2023-11-14T22:13:20+00:00", False),
        (b"1700000000 +1600", "2023-11-14T22:13:20+00:00", False),
        (b"1700000000 +051800", "2023-11-14T22:13:20+00:00", False),
        (b"1700000000 +0575", "2023-11-14T22:13:20+00:00", False),
        (b"1700000000 UTC", "2023-11-14T22:13:20+00:00", False),
        (b"1700000000", "2023-11-14T22:13:20+00:00", False),
        (b"1700000000 +0000 x", "2023-11-14T22:13:20+00:00", False),
        (b"253402300799 +1400", "9999-12-31T23:59:59+00:00", False),
        (b"-62135596800 -0100", "0001-01-01T00:00:00+00:00", False),
        # No moment at all.
        (b"253402300800 +0000", EPOCH, False),
        (b"-62135596801 +0000", EPOCH, False),
        (b"99999999999999999999 +0000", EPOCH, False),
        (b"9" * 5000 + b" +0000", EPOCH, False),
        (b"", EPOCH, False),
        (b"yesterday", EPOCH, False),
        (b"1_000 +0000", EPOCH, False),
        (b"+5 +0000", EPOCH, False),
        (b"\xd9\xa1 +0000", EPOCH, False),
    ],
)
def test_dates(raw, time, exact):
    assert moment(raw) == (time, exact)


@given(st.binary(max_size=30) | st.from_regex(rb"\A-?\d{1,25} [+-]\d{1,6}\Z"))
def test_every_date_can_be_read_again(raw):
    time, exact = moment(raw)
    again = datetime.fromisoformat(time)
    assert again.tzinfo is not None
    if exact:
        assert again.timestamp() == int(raw.split()[0])


@pytest.mark.parametrize(
    ("raw", "encoding", "text", "exact"),
    [
        ("grüße".encode(), None, "grüße", True),
        ("grüße".encode("latin-1"), b"ISO-8859-1", "grüße", True),
        ("привет".encode("cp1251"), b"windows-1251", "привет", True),
        ("日本".encode("euc-jp"), b"EUC-JP", "日本", True),
        ("grüße".encode("latin-1"), None, "gr\\xfc\\xdfe", False),
        ("grüße".encode(), b"ASCII", "gr\\xc3\\xbc\\xc3\\x9fe", False),
        ("grüße".encode(), b"no-such-encoding", "grüße", True),
        ("grüße".encode(), b"\xff\0", "grüße", True),
        (b"616263", b"hex", "616263", True),
        (b"\\ud800", b"unicode_escape", "\\ud800", True),
        (b"abc", b"undefined", "abc", True),
        (b"a\0b", None, "a\\x00b", False),
        (b"\\x00", None, "\\x00", True),
        (b"\xed\xa0\x80", None, "\\xed\\xa0\\x80", False),  # half a character
        (b"", None, "", True),
    ],
)
def test_text(raw, encoding, text, exact):
    assert decode(raw, encoding) == (text, exact)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (b"Ada L <a@x> 1 +0000", (b"Ada L", b"a@x", b"1 +0000")),
        (b"<a@x> 1 +0000", (b"", b"a@x", b"1 +0000")),
        (b" <> 1 +0000", (b"", b"", b"1 +0000")),
        (b"A <a@x>", (b"A", b"a@x", b"")),
        (b"A <a <b>> 1 +0000", (b"A", b"a <b", b"1 +0000")),
        (b"A > B <a@x> 1 +0000", (b"A > B", b"a@x", b"1 +0000")),
        (b"nobody 1 +0000", (b"nobody 1 +0000", b"", b"")),
        (b"", (b"", b"", b"")),
    ],
)
def test_identities(line, parts):
    assert identity(line) == parts


def test_the_fingerprint_is_of_raw_bytes_without_trailing_white_space():
    expected = hashlib.sha256(b"A\0a@x\x001 +0000\0m").hexdigest()
    assert fingerprint(b"A", b"a@x", b"1 +0000", b"m\n \t\n") == expected
    others = [
        fingerprint(b"A\0", b"a@x", b"1 +0000", b"m"),
        fingerprint(b"A", b"A@x", b"1 +0000", b"m"),
        fingerprint(b"A", b"a@x", b"1 +0100", b"m"),
        fingerprint(b"A", b"a@x", b"1 +0000", b" m"),
    ]
    assert len({expected, *others}) == 5


@pytest.mark.parametrize(
    ("message", "people"),
    [
        ("t\n\nCo-authored-by: A B <a@x>\n", [("A B", "a@x")]),
        (
            "t\r\n\r\nCO-AUTHORED-BY:A <a@x>\r\nSigned-off-by: S <s@x>\r\nco-authored-by: B <b@x>\r\n",
            [("A", "a@x"), ("B", "b@x")],
        ),
        ("t\n\nbody\n \nCo-authored-by: A <a@x>", [("A", "a@x")]),
        ("t\n\nCo-authored-by: nobody\nCo-authored-by: <a@x>", [("nobody", ""), ("", "a@x")]),
        ("t\n\nCo-authored-by: A <a@x>\n\nlast words", []),
        ("Co-authored-by: A <a@x>", []),
        ("t\n\nsee Co-authored-by: A <a@x>", []),
        ("t\n\nCo-authored-by:\n", []),
        ("", []),
    ],
)
def test_co_authors(message, people):
    assert co_authors(message) == [{"name": name, "email": email} for name, email in people]


def test_signatures_and_merged_tags_are_not_headers():
    raw = (
        b"tree 1\nparent 2\nauthor A <a@x> 1 +0000\ncommitter B <b@x> 2 +0000\n"
        b"mergetag object 3\n type commit\n author Not <not@x> 9 +0000\n \n encoding latin-1\n"
        b"gpgsig -----BEGIN-----\n \n author Not <not@x> 9 +0000\n -----END-----\n\nmessage\n\nauthor Not\n"
    )
    escaped = []
    record = commit_record(raw, escaped=escaped)
    assert (record["author_name"], record["committer_name"], record["parents"]) == ("A", "B", ["2"])
    assert record["message"] == "message\n\nauthor Not\n"
    assert escaped == []


HEADERS = st.sampled_from(
    [b"author ", b"committer ", b"encoding ", b"parent ", b"\n", b"<", b"> ", b"1 +0000"]
)


@given(st.lists(HEADERS | st.binary(max_size=8), max_size=40).map(b"".join))
@example(rb"author \u0000")
@example(b"author \0 <a@x> 1 +0000")
def test_whatever_a_commit_holds_it_can_land(raw):
    escaped = []
    record = commit_record(raw, escaped=escaped)
    record |= {"repository_id": "r", "branch": "b", "sha": "0" * 40, "escaped": escaped, "parents": []}
    record |= {"insertions": 0, "deletions": 0, "files": []}
    line = orjson.dumps(record)
    # A backslash that is text is escaped itself, and what follows it is no NUL.
    assert not re.search(rb"(?<!\\)(?:\\\\)*\\u0000", line)
    assert load("git").streams["commits"].check(orjson.loads(line)) is None
