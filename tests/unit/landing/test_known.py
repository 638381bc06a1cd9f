"""Which lines of a batch the heads know, against plain sets."""

from hashlib import sha256
from pathlib import Path

import zstandard
from hypothesis import given
from hypothesis import strategies as st

from observes_assets import archive
from observes_assets.draft import Draft, line_hash, line_hashes
from observes_assets.landing.known import Known

# Few values in either half, so that halves meet.
_hashes = st.builds(
    lambda high, low: high + low, *[st.sampled_from([bytes(7) + bytes([n]) for n in range(4)])] * 2
)


@given(heads=st.sets(_hashes), lines=st.lists(_hashes), cut=st.integers(0, 20))
def test_known_agrees_with_a_set(heads: set[bytes], lines: list[bytes], cut: int) -> None:
    ordered = sorted(heads)
    known = Known([b"".join(ordered[:cut]), b"".join(ordered[cut:])])
    unknown = list(known.unknown_lines([b"".join(lines[:cut]), b"".join(lines[cut:])]))
    assert unknown == [number for number, line in enumerate(lines, start=1) if line not in heads]
    assert set(known.missing()) == heads - set(lines)
    for one in heads | set(lines):
        last = max((number for number, line in enumerate(lines, start=1) if line == one), default=0)
        assert known.last_line(one) == (last if one in heads else 0)


def test_a_data_file_ends_with_the_hashes_of_its_lines(tmp_path: Path) -> None:
    documents = [f'{{"number":{number}}}'.encode() for number in range(25_000)]
    draft = Draft(tmp_path / "data.zst")
    for document in documents:
        draft.add(document)
    assert draft.close() == sha256(draft.path.read_bytes()).hexdigest()
    assert list(tmp_path.iterdir()) == [draft.path]
    found = line_hashes(draft.path)
    assert found is not None
    assert found.count == 25_000
    assert b"".join(found.blocks) == b"".join(map(line_hash, documents))
    assert list(archive.lines(draft.path)) == documents


def test_a_data_file_without_hashes_is_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "data.zst"
    path.write_bytes(b"")
    assert line_hashes(path) is None
    path.write_bytes(zstandard.compress(b'{"a":1}\n' * 100))
    assert line_hashes(path) is None
    assert len(list(archive.lines(path))) == 100
