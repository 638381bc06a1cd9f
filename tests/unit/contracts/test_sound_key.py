"""A key that is read the quick way is the key of a record that keeps every promise."""

import itertools
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from open_data_contract_standard.model import SchemaProperty

from observes_assets import contracts
from observes_assets.contracts.examples import example_record
from observes_assets.contracts.record import check, key_reader, record_type
from tests.unit.contracts import shop

ORDERS = shop.parsed().streams["orders"]
SOUND: dict[str, Any] = {
    "region": "eu",
    "order_id": "Nº 7",
    "amount": 1.5,
    "placed_at": "2026-01-01T00:00:00Z",
    "state": "paid",
    "email": "ada@x.example",
    "lines": [{"sku": "a", "voucher": None}],
    "tags": [],
}
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "eu", "é", "sent", "2026-01-01", "2026-01-01T00:00:00+02:00", "a@b.c", "\x00"]),
    st.lists(st.sampled_from(["x", 1, None, {"sku": "y"}, {"sku": 1}]), max_size=10),
)
# The first ones are matched together, a line each; the others would then let something through.
_PATTERNS = [
    *("^[0-9]+$", r"^\d+(.\d+)?$", "^(a|ab|1)?$", r"^\S*\w$", "^.*$", "^{?1$", "^a|b$"),
    *("a", "^1", "1$", r"\Aa\Z", "^a$|^b$", "^[$]$", "^a\n1$", "^[\t-1]$", r"^a\$", r"^\s*1$", r"^\W\D$"),
    *("^[^a]*$", r"^(a|1)\1$", "^(?P<x>a)(?P=x)$", "(?i)^a$", "^(?i:a)$", "^(?=a)..$", "^a(?!\n)$"),
]
_OPTIONS: list[dict[str, Any]] = [
    *({"pattern": pattern} for pattern in _PATTERNS),
    {"pattern": "^a*$", "maxLength": 1},
    {"pattern": r"^\w*$", "minLength": 2},
    {"format": "uri"},
    {"format": "email"},
]
_LINES = ["a", "b", "1", "11", "1.1", "aa", "ab", "A", "1a", "a:1", "a@b", "٣"]
_TEXTS = [*_LINES, None, "", "\n", "a\n", "\n1", "a\n1", "1\n1", "1\nb"]
_STREAMS = {
    f"{source}.{name}": stream
    for source in contracts.sources()
    for name, stream in contracts.load(source).streams.items()
}


@given(st.dictionaries(st.sampled_from([*SOUND, "token", "is_gift", "unheard_of"]), _VALUES, max_size=4))
def test_the_quick_way_and_the_slow_one_agree(changes: dict[str, Any]) -> None:
    document = orjson.dumps(SOUND | changes)
    record = orjson.loads(document)
    key = ORDERS.sound_key(document)
    assert (key is None) == (ORDERS.check(record) is not None)
    assert key in (None, [record["region"], record["order_id"]])


# Bytes that are no text, in a field that the contract doesn't speak of, are for the landing to find.
@pytest.mark.parametrize(
    ("field", "text"),
    [("region", b"\xff"), *itertools.product(("region", "unheard_of"), (b"\\ud800", b"\t", b"\\x"))],
)
def test_what_is_no_text_is_not_read_the_quick_way(field: str, text: bytes) -> None:
    document = orjson.dumps(SOUND | {field: "…"}).replace("…".encode(), text)
    assert ORDERS.sound_key(document) is None


def test_a_key_with_a_date_is_the_text_that_stands_in_the_record() -> None:
    document = shop.shop()
    shop.fields_of(document)["order_id"] |= {"logicalType": "date", "examples": ["2026-01-01"]}
    orders = shop.parsed(document).streams["orders"]
    record = SOUND | {"order_id": "2026-01-01"}
    assert orders.check(record) is None
    assert orders.sound_key(orjson.dumps(record)) == ["eu", "2026-01-01"]
    assert orders.sound_key(orjson.dumps(record | {"order_id": "2026-01-32"})) is None


def _string(name: str, required: bool = False, **options: Any) -> SchemaProperty:
    return SchemaProperty(name=name, logicalType="string", required=required, logicalTypeOptions=options)


@pytest.mark.parametrize("first", _OPTIONS, ids=str)
def test_no_pattern_is_passed_over_the_quick_way(first: dict[str, Any]) -> None:
    for second in _OPTIONS:
        kind = record_type("pairs", [_string("first", **first), _string("second", required=True, **second)])
        quick = key_reader(kind, [])
        is_exact = {"pattern": "^a|b$"} not in (first, second)  # read as ^(a|b)$, which refuses more
        for texts in itertools.product(_TEXTS, repeat=2):
            record = dict(zip(("first", "second"), texts, strict=True))
            is_quick = quick(orjson.dumps(record)) is not None
            if is_quick or (is_exact and {*texts} <= {*_LINES}):
                assert is_quick == (check(record, kind) is None), (second, texts)


def test_a_text_is_not_matched_anew_for_each_way_to_match_those_before_it() -> None:
    names = [f"text_{place}" for place in range(9)]
    kind = record_type("things", [_string(name, pattern=r"^\w+\w*\w*$") for name in names])
    record = dict.fromkeys(names, "a" * 40) | {"text_8": "-"}
    assert key_reader(kind, [])(orjson.dumps(record)) is None


@pytest.mark.parametrize("name", list(_STREAMS))
def test_an_ordinary_record_is_read_the_quick_way(name: str) -> None:
    stream = _STREAMS[name]
    record = example_record(stream)
    optional = {str(item.name) for item in stream.properties if not item.required}
    absent = {field: record[field] for field in record.keys() - optional}
    for one in (record, absent, record | dict.fromkeys(optional)):
        assert stream.sound_key(orjson.dumps(one)) == [record[field] for field in stream.key]


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_promise_is_passed_over_the_quick_way(data: st.DataObject) -> None:
    stream = _STREAMS[data.draw(st.sampled_from(sorted(_STREAMS)))]
    record = example_record(stream)
    for name in data.draw(st.sets(st.sampled_from(sorted(record)), max_size=3)):
        ends = st.sampled_from(["\n", "\x00", "٣", f"\n{record[name]}"])
        record[name] = data.draw(
            st.sampled_from(_TEXTS) | st.text(max_size=4) | ends.map(str(record[name]).__add__)
        )
    key = stream.sound_key(orjson.dumps(record))
    assert key in (None, [record[name] for name in stream.key])
    assert key is None or stream.check(record) is None
