"""From a provider's answers, and the records that were seen, to a complete contract; and what is refused."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from observes_assets import contracts
from observes_assets.contracts import customs, levels
from observes_assets.contracts.customs import SourceCustoms, StreamCustoms
from observes_assets.contracts.examples import example_record
from observes_assets.contracts.lint import lint
from observes_assets.contracts.questionnaire.answers import QUESTIONS, Answers, finish, put_answers
from observes_assets.contracts.questionnaire.files import require_free, write
from observes_assets.contracts.questionnaire.promises import contract, leaves, require_described
from observes_assets.contracts.questionnaire.shapes import Shape, look_at, require_unique
from observes_assets.contracts.yaml_text import as_yaml
from observes_assets.errors import SettingsError
from observes_assets.version import PACKAGE

RECORDS = [
    {
        "order_id": "1",
        "amount": 1,
        "placed_at": "2026-01-05T10:00:00Z",
        "shipped_on": "2026-01-06",
        "born_on": "1815-12-10",
        "customer": {"email": "ada@example.com", "id": 7},
        "tags": ["a", None],
        "token": "abc",
        "note": None,
        "grid": [[1, 2]],
    },
    {
        "order_id": "2",
        "amount": 2.5,
        "placed_at": "2026-01-06T10:00:00+01:00",
        "shipped_on": "soon",
        "born_on": "1852-11-27",
        "customer": {"email": "bob@example.com", "id": 8, "is_new": True},
        "tags": [],
        "token": "abd",
        "note": "x" * 100,
        "lines": [{"sku": "x", "count": 3}],
        "grid": [],
    },
]
CLASSES = {"customer.email": "personal", "note": "personal", "born_on": "personal", "token": "secret"}


def lines(records: list[Any] = RECORDS) -> list[bytes]:
    return [orjson.dumps(record) for record in records]


def answered(**changes: Any) -> dict[str, Any]:
    """Every question answered."""
    fields = {
        path: {"description": f"The {path}.", "classification": CLASSES.get(path, "public")}
        for path in leaves(seen())
    }
    return dict.fromkeys(QUESTIONS, "words") | {
        "domain": "sales",
        "stream": "orders",
        "key": ["order_id"],
        "fields": fields,
        **changes,
    }


def seen(records: list[Any] = RECORDS) -> Shape:
    return look_at(lines(records), "orders.ndjson")


def test_the_contract_is_complete_and_holds_what_was_seen() -> None:
    text = as_yaml(contract("shop", finish(answered()), seen())).encode()
    assert lint("shop", text) == []
    stream = contracts.parse("shop", text).streams["orders"]
    for record in RECORDS:
        arrived = {name: value for name, value in record.items() if name != "token"}
        assert stream.check(arrived) is None
    assert stream.check(example_record(stream)) is None
    kinds = {field.path: (field.schema.logicalType, bool(field.schema.required)) for field in stream.fields}
    assert kinds == {
        "order_id": ("string", True),
        "amount": ("number", True),
        "placed_at": ("timestamp", True),
        "shipped_on": ("string", True),
        "born_on": ("string", True),
        "customer": ("object", True),
        "customer.email": ("string", True),
        "customer.id": ("integer", True),
        "customer.is_new": ("boolean", False),
        "tags": ("array", True),
        "token": ("string", False),
        "note": ("string", False),
        "grid": ("array", True),
        "lines": ("array", False),
        "lines[].sku": ("string", True),
        "lines[].count": ("integer", True),
    }
    assert [field.path for field in stream.secret_fields] == ["token"]
    assert stream.key == ("order_id",)


def test_nothing_personal_or_secret_of_the_records_gets_into_the_contract() -> None:
    text = as_yaml(contract("shop", finish(answered()), seen()))
    for value in ("ada@example.com", "bob@example.com", "1815-12-10", "abc", "abd"):
        assert value not in text.split()
    assert "x" * 81 not in text


def test_answers_may_be_given_one_by_one() -> None:
    answers: dict[str, Any] = {"owner": "somebody"}
    put_answers(
        answers,
        [
            "owner=shop-team",
            "key=a, b",
            "fields.customer.email.classification=personal",
            "late_after_hours=5",
        ],
    )
    assert answers == {
        "owner": "shop-team",
        "key": ["a", "b"],
        "fields": {"customer.email": {"classification": "personal"}},
        "late_after_hours": "5",
    }
    assert finish(answered(late_after_hours="5")).late_after_hours == 5
    with pytest.raises(SettingsError, match="has no value"):
        put_answers(answers, ["owner"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"owner": "", "purpose": None}, "No answer for purpose, owner"),
        ({"stream": "Orders"}, "stream: "),
        ({"availability_percent": "most"}, "availability_percent: "),
        ({"fields": {"order_id": {"description": "It.", "classification": "internal"}}}, "classification"),
        ({"colour": "red"}, "colour"),
        ({"location": "https://me:hidden@example.com/x"}, "holds credentials"),
    ],
)
def test_answers_that_are_none(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        finish(answered(**changes))


def test_answers_that_make_no_complete_contract_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(SettingsError, match="shop: domain is no tag"):
        write(tmp_path, "shop", finish(answered(domain="Human Resources")), seen())
    assert not list(tmp_path.iterdir())


def test_every_field_must_be_described_and_classified() -> None:
    answers = answered()
    del answers["fields"]["lines[].sku"], answers["fields"]["customer.id"]
    with pytest.raises(SettingsError, match=r"Not described: customer\.id, lines\[\]\.sku"):
        require_described(finish(answers), seen())


@pytest.mark.parametrize("key", ["note", "customer", "tags", "number"])
def test_a_key_must_be_one_value_in_every_record(key: str) -> None:
    with pytest.raises(SettingsError, match=f"{key} is no field with a value in every record"):
        require_described(finish(answered(key=[key])), seen())


def test_a_key_must_be_public_and_unique() -> None:
    require_unique(lines(), ("order_id",), "orders.ndjson")
    with pytest.raises(SettingsError, match="records 1 and 3 have the same order_id"):
        require_unique(lines([*RECORDS, RECORDS[0]]), ("order_id",), "orders.ndjson")
    with pytest.raises(SettingsError, match="The key born_on is not public"):
        require_described(finish(answered(key=["born_on"])), seen())


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([], "holds no record"),
        ([{"a": 1}, 7], "record 2: no JSON object"),
    ],
)
def test_records_that_are_none(records: list[Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        seen(records)


def test_a_field_of_several_kinds_is_refused_by_name() -> None:
    records = [{"order_id": "1", "amount": 1}, {"order_id": "2", "amount": "much"}]
    fields = {name: {"description": "It.", "classification": "public"} for name in ("order_id", "amount")}
    with pytest.raises(SettingsError, match="amount is of several kinds: integer, string"):
        contract("shop", finish(answered(fields=fields)), seen(records))


@pytest.mark.parametrize("name", ["Shop", "shop1", "git", "landing", "class", "a" * 25, "sh-op", ""])
def test_names_that_a_source_can_t_have(name: str) -> None:
    with pytest.raises(SettingsError):
        require_free(PACKAGE.parent, name)
    require_free(PACKAGE.parent, "shop")


def test_answers_are_those_that_are_asked() -> None:
    assert set(QUESTIONS) < set(Answers.__struct_fields__)


DOCUMENT = (PACKAGE.parent / "docs" / "contracts.md").read_text()


def test_the_documented_answers_are_answers() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    answers = finish(yaml.safe_load(example))
    shape = look_at(
        lines(
            [
                {
                    "order_id": "1",
                    "amount": 1,
                    "customer": {"email": "a@b.c"},
                    "lines": [{"sku": "x"}],
                    "token": "t",
                }
            ]
        ),
        "orders",
    )
    require_described(answers, shape)
    assert lint("shop", as_yaml(contract("shop", answers, shape)).encode()) == []


def test_every_promise_is_documented() -> None:
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|", DOCUMENT, re.MULTILINE)
    said = {word for row in rows for word in re.findall(r"`(\w+)`", row)}
    assert {*customs.names(SourceCustoms), *customs.names(StreamCustoms), *levels.PROPERTIES} <= said
