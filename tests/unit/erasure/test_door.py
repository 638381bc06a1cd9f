"""What stays outside: credentials in URLs, in every way that vendors write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observes_assets import door
from observes_assets.door import without_credentials


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"u":"https://ada:pw@x.example/a@b"}', b'{"u":"https://x.example/a@b"}'),
        (b'{"u":"https://token@x.example/r.git"}', b'{"u":"https://x.example/r.git"}'),
        (b'{"u":"HTTP:\\/\\/a:b@x.example\\/"}', b'{"u":"HTTP:\\/\\/x.example\\/"}'),
        (b'{"u":"postgresql://me:pw@db.example/x"}', b'{"u":"postgresql://me@db.example/x"}'),
        (b'{"u":"ssh://git@x.example/r.git"}', b'{"u":"ssh://git@x.example/r.git"}'),
        (b'{"u":"git@x.example:r.git"}', b'{"u":"git@x.example:r.git"}'),
        (
            b'{"u":"https://x.example/?a=1&access_token=s3&b=2"}',
            b'{"u":"https://x.example/?a=1&access_token=removed&b=2"}',
        ),
        (b'{"u":"https://x.example/?private_token=s3"}', b'{"u":"https://x.example/?private_token=removed"}'),
        (
            b'{"u":"https://x.example/?a=1\\u0026Token=s3"}',
            b'{"u":"https://x.example/?a=1\\u0026Token=removed"}',
        ),
        (
            b'{"u":"https://s3.example/o?X-Amz-Signature=abc&x=1"}',
            b'{"u":"https://s3.example/o?X-Amz-Signature=removed&x=1"}',
        ),
        (b'{"t":"tokens=3 // no url","v":"a@b"}', b'{"t":"tokens=3 // no url","v":"a@b"}'),
        (
            b'{"u":"https://x.example/@ada?author=ada@x.example"}',
            b'{"u":"https://x.example/@ada?author=ada@x.example"}',
        ),
        (b'{"n":1.10}', b'{"n":1.10}'),
    ],
)
def test_urls_come_in_without_credentials(line: bytes, expected: bytes) -> None:
    assert without_credentials(line) == expected
    assert without_credentials(expected) == expected


NAMES = ("token", "API_KEY", "apikey", "Secret", "password", "signature", "sig", "jwt")
PIECES = (*'@/:?&=# "', "\\/", "\\u0026", "//", "https:", "ssh:", *NAMES, "x", "é")


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_a_quick_look_passes_nothing_by_that_the_expressions_would_find(pieces: list[str]) -> None:
    line = ("/" + "".join(pieces)).encode()
    users = door._PASSWORD.sub(rb"\1@", door._WEB_USER.sub(rb"\1", line))
    assert without_credentials(line) == door._PARAMETER.sub(rb"\1removed", users)
