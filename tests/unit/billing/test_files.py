import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from observes_assets.billing.documents import bill_of, json_bytes, parse_revision, parse_summary
from observes_assets.billing.files import csv_files, month_json, revision_bytes, summary_of, write_out
from observes_assets.billing.records import Stop
from observes_assets.billing.revisions import month_to_date
from observes_assets.billing.rules import compute_month
from tests.unit.billing.billing_facts import author, facts, terms

NOW = datetime(2024, 5, 20, tzinfo=UTC)
CLOSES = datetime(2024, 6, 5, tzinfo=UTC)


def test_a_groups_file() -> None:
    authors = [
        author("a", "zoe@acme.test", commit="1" * 40),
        author("b", "ana@acme.test", commit="3" * 40, repository="api"),
        author("a", "ana@acme.test", commit="2" * 40, name='Ana "the\nFox", PhD'),
        author("z", "ana@acme.test", organization="zeta"),
    ]
    spans = [terms("a"), terms("b"), terms("c"), terms("z", organization="zeta")]
    files = csv_files(compute_month(facts(spans, authors)))
    assert sorted(files) == ["a.csv", "b.csv", "c.csv", "z.csv"]
    assert files["a.csv"].decode() == (
        '"actor","commit","groups","repository"\n'
        f'"Ana ""the\nFox"", PhD <ana@acme.test>","{"2" * 40}","a, b","web"\n'
        f'"Zoe <zoe@acme.test>","{"1" * 40}","a","web"\n'
    )
    assert files["c.csv"] == b'"actor","commit","groups","repository"\n'
    assert files["z.csv"].decode().splitlines()[1].split(",")[2] == '"z"'


def test_sorted_by_actor_then_commit() -> None:
    authors = [
        author("a", "b@acme.test", name="Sam", commit="2" * 40),
        author("a", "a@acme.test", name="Sam", commit="9" * 40),
        author("a", "c@acme.test", name="Álvaro", commit="1" * 40),
        author("a", "d@acme.test", name="alva", commit="1" * 40),
    ]
    text = csv_files(compute_month(facts([terms("a")], authors)))["a.csv"].decode()
    actors = [row["actor"] for row in csv.DictReader(io.StringIO(text))]
    assert actors == sorted(actors)
    assert actors[-1] == "Álvaro <c@acme.test>"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_name_survives_the_file(name: str) -> None:
    text = csv_files(compute_month(facts([terms("a")], [author("a", name=name)])))["a.csv"]
    rows = list(csv.reader(io.StringIO(text.decode(), newline="")))
    assert rows[1][0] == f"{name} <ana@acme.test>"
    assert not text.startswith(b"\xef\xbb\xbf")


def test_the_json_of_the_command_line() -> None:
    stop = Stop("zeta", NOW, "repository z/web failed: no answer")
    spans = [terms("b"), terms("a", currency="USD"), terms("z", organization="zeta", currency="JPY")]
    bill = compute_month(facts(spans, [author("a"), author("b")], stops=(stop,)))
    assert month_json(bill) == {
        "month": "2024-05",
        "status": "preview",
        "revision": None,
        "rule": "observed",
        "release": 1,
        "organizations": [
            {
                "name": "acme",
                "currency": "USD",
                "authors": 1,
                "amount": "99.00",
                "groups": [
                    {"name": "a", "authors": 1, "amount": "49.50"},
                    {"name": "b", "authors": 1, "amount": "49.50"},
                ],
            },
            {
                "name": "zeta",
                "currency": "JPY",
                "authors": None,
                "amount": None,
                "groups": [{"name": "z", "authors": None, "amount": None}],
                "stale": {"since": "2024-05-20T00:00:00Z", "why": "repository z/web failed: no answer"},
            },
        ],
    }
    json.dumps(month_json(bill))


def test_a_bill_survives_the_bucket() -> None:
    stop = Stop("zeta", None, "repository z/web was never observed")
    bill = compute_month(facts([terms("a"), terms("z", organization="zeta")], [author("a")], stops=(stop,)))
    bill = month_to_date(bill, now=NOW, closes_at=CLOSES, missing=("x",), code_version="c1")
    summary = parse_summary(json_bytes(summary_of(bill)))
    again = bill_of(summary, parse_revision(revision_bytes(bill)))
    assert summary == summary_of(bill)
    assert summary_of(again) == summary
    assert again.organizations[0] == bill.organizations[0]
    assert revision_bytes(again) == revision_bytes(bill)


def test_write_out_makes_the_same_form(tmp_path: Path) -> None:
    bill = compute_month(facts([terms("a"), terms("b")], [author("a")]))
    folder = tmp_path / "some where" / "out"
    write_out(bill, folder)
    write_out(bill, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "b.csv", "summary.json"]
    raw = (folder / "summary.json").read_bytes()
    summary = json.loads(raw)
    assert raw.endswith(b"}\n")
    assert (summary["status"], summary["revision"], summary["directory"]) == ("preview", None, None)
    for name, digest in summary["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert (folder / "a.csv").read_bytes() == csv_files(bill)["a.csv"]


def test_what_is_owed_decides_the_revisions_bytes_not_when_or_from_what() -> None:
    first = compute_month(facts([terms("a")], [author("a")]))
    second = month_to_date(
        compute_month(facts([terms("a")], [author("a")], close_day=9)),
        now=NOW,
        closes_at=CLOSES,
        missing=(),
        code_version="c2",
    )
    assert revision_bytes(first) == revision_bytes(second)
    other = compute_month(facts([terms("a")], [author("a", name="Anna")]))
    assert revision_bytes(first) != revision_bytes(other)
