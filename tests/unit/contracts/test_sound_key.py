"""A key that is read the quick way is the key of a record that keeps every promise."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(st.dictionaries(st.sampled_from([*SOUND, "token", "is_gift", "unheard_of"]), _VALUES, max_size=4))
def test_the_quick_way_and_the_slow_one_agree(changes: dict[str, Any]) -> None:
    document = orjson.dumps(SOUND | changes)
    record = orjson.loads(document)
    key = ORDERS.sound_key(document)
    assert (key is None) == (ORDERS.check(record) is not None)
    assert key in (None, [record["region"], record["order_id"]])


@pytest.mark.parametrize("field", ["region", "unheard_of"])
@pytest.mark.parametrize("text", [b"\xff", b"\\ud800", b"\t", b"\\x"])
def test_what_is_no_text_is_not_read_the_quick_way(field: str, text: bytes) -> None:
    document = orjson.dumps(SOUND | {field: "…"}).replace("…".encode(), text)
    assert ORDERS.sound_key(document) is None


def test_a_key_that_is_no_longer_its_own_text_is_not_read_the_quick_way() -> None:
    document = shop.shop()
    shop.fields_of(document)["order_id"] |= {"logicalType": "date", "examples": ["2026-01-01"]}
    orders = shop.parsed(document).streams["orders"]
    record = SOUND | {"order_id": "2026-01-01"}
    assert orders.check(record) is None
    assert orders.sound_key(orjson.dumps(record)) is None
