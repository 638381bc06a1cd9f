"""Files that are no YAML document, or a hostile one: one clear line, and no crash."""

from pathlib import Path

import pytest

from observes_assets.errors import SettingsError
from observes_assets.sources.portfolio.client import read_portfolio


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "Portfolio portfolio.yaml is empty."),
        ("# nothing\n", "Portfolio portfolio.yaml is empty."),
        ("- a\n", "portfolio.yaml line 1: the portfolio must be a mapping, not a list."),
        ("a: b: c\n", "portfolio.yaml line 1: not readable as YAML: mapping values are not allowed"),
        ("a: [1,\n2\n", "not readable as YAML: while parsing a flow sequence"),
        ("a: 1\n---\nb: 2\n", "not readable as YAML: expected a single document"),
        (
            "a: &x [1]\nb: *x\n",
            "portfolio.yaml line 2: not readable as YAML: an alias (*name) is not supported",
        ),
        ("a: &x [*x]\n", "an alias (*name) is not supported"),
        ("[" * 100_000, "values are nested too deeply"),
        ("a: 1\nb: \x01\n", "portfolio.yaml line 2: a control character"),
        (b"a: 1\nb: \xff\n", "portfolio.yaml line 2: not UTF-8 text. Save the file as UTF-8."),
        ("a: 1\nb: \0\n", "portfolio.yaml line 2: a NUL character"),
        ("#" * 9_000_000, "is larger than 8 MB."),
    ],
)
def test_refuses_what_is_no_document(tmp_path: Path, text: str | bytes, expected: str) -> None:
    path = tmp_path / "portfolio.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as caught:
        read_portfolio(path)
    message = str(caught.value).replace(f"{tmp_path}/", "")
    assert expected in message
    assert "\n" not in message


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Portfolio .*nowhere\.yaml cannot be read: No such file"):
        read_portfolio(tmp_path / "nowhere.yaml")
