"""What Python and PostgreSQL must agree on, and what explains a bill."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from observes_assets.billing import explain
from observes_assets.billing.calendar import month_end, month_of, months_between
from observes_assets.errors import SettingsError
from tests.integration.billing.conftest import BEGIN, Office

MAY = date(2024, 5, 1)
SEEN = datetime(2024, 5, 20, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "America/Bogota", "America/Havana", "Asia/Beirut", "Europe/Berlin"])
def test_months_end_where_postgres_says(office: Office, zone: str) -> None:
    """The marts cut months with ``date_trunc('month', … at time zone …)``."""
    ends = [month_end(month, zone) for month in months_between(date(2009, 1, 1), date(2026, 12, 1))]
    rows = office.connection.execute(
        """
        select e, date_trunc('month', e at time zone %(zone)s)::date,
            date_trunc('month', (e - interval '1 microsecond') at time zone %(zone)s)::date
        from unnest(%(ends)s::timestamptz[]) as e
        """,
        {"zone": zone, "ends": ends},
    ).fetchall()
    for end, month, before in rows:
        assert month == month_of(end, zone)
        assert before < month


def commit(office: Office, sha: str, author_id: str, **changes: Any) -> None:
    values = {
        "repository_id": "r1",
        "branch": "main",
        "organization_name": "acme",
        "repository_nickname": "web",
        "fingerprint": f"f-{sha}",
        "authored_at": SEEN,
        "committed_at": SEEN,
        "seen_at": SEEN,
        "is_history": False,
        "is_merge": False,
        "is_reachable": True,
    }
    office.put("commits", commit_sha=sha, author_id=author_id, **{**values, **changes})


@pytest.fixture
def ana(office: Office) -> Office:
    """Ana, who is Annie in some commits, is active in two groups of acme."""
    office.connection.execute(
        """
        insert into landing.pseudonym_key (fingerprint, inner_pad, outer_pad) values ('', '\\x01', '\\x02');
        create schema raw_portfolio;
        create table raw_portfolio.portfolio (load_id bigint, record_key text, record jsonb);
        create table landing.portfolio__portfolio (
            record_key text, load_id bigint, superseded_by bigint, content_load_id bigint
        );
        insert into landing.portfolio__portfolio values ('["portfolio"]', 1, null, 1);
        """
    )
    office.connection.execute(
        "insert into raw_portfolio.portfolio values (1, '[\"portfolio\"]', %s)",
        [Jsonb({"mailmap_sha256": "m1"})],
    )
    for row in (
        ("m1", "Ana", "Ana@Acme.test", "Ana", "Ana@Acme.test"),
        ("m1", "Annie", "annie@home.test", "Ana", "Ana@Acme.test"),
        ("m1", "Zoe", "zoe@acme.test", "Zoe", "zoe@acme.test"),
        ("m0", "Zoe", "zoe@acme.test", "Ana", "ana@acme.test"),
    ):
        office.connection.execute("insert into landing.identities values (%s, %s, %s, %s, %s)", row)
    found = office.connection.execute("select landing.pseudonym('ana@acme.test')").fetchone()
    assert found is not None
    me = found[0]
    earlier = datetime(2024, 5, 10, tzinfo=UTC)
    commit(office, "counts", me)
    commit(office, "merge", me, is_merge=True)
    commit(office, "history", me, is_history=True, seen_at=BEGIN)
    commit(office, "copied", "somebody", is_history=True, seen_at=earlier, fingerprint="same")
    commit(office, "copy", me, fingerprint="same")
    commit(office, "ignored", me)
    commit(office, "june", me, seen_at=datetime(2024, 6, 2, tzinfo=UTC))
    for sha, month in (("counts", MAY), ("june", date(2024, 6, 1))):
        office.put(
            "billed_commits",
            rule="observed",
            month_on=month,
            organization_name="acme",
            group_name="storefront",
            author_email="ana@acme.test",
            repository_id="r1",
            branch="main",
            commit_sha=sha,
        )
    office.author("storefront", count=2)
    office.author("backend", count=2)
    return office


@pytest.mark.parametrize("person", ["ana@acme.test", "ANNIE@home.test", "annie", "Ana", " ana "])
def test_a_person_is_found_by_any_name_or_address(ana: Office, person: str) -> None:
    explanation = explain(ana.connection, 1, person, MAY)
    (found,) = explanation.people
    assert (found.email, found.names) == ("ana@acme.test", ("Ana", "Annie"))


def test_each_group_says_what_it_charges_for_whom(ana: Office) -> None:
    (found,) = explain(ana.connection, 1, "ana", MAY).people
    told = [(v.group, v.counts, str(v.amount), v.groups, v.commit, v.note) for v in found.verdicts]
    both = ("backend", "storefront")
    assert told == [
        ("backend", True, "49.50", both, "a" * 40, ""),
        ("storefront", True, "49.50", both, "a" * 40, ""),
    ]


def test_each_commit_says_why_it_does_not_count(ana: Office) -> None:
    (found,) = explain(ana.connection, 1, "ana", MAY).people
    assert {each.commit.sha: each.answer for each in found.commits} == {
        "counts": "counts",
        "merge": "merge",
        "history": "history",
        "copy": "copy",
        "ignored": "ignored",
        "june": "other month",
    }
    (everything,) = explain(ana.connection, 1, "ana", None).people
    assert {each.commit.sha: each.answer for each in everything.commits}["june"] == "counts"


def test_who_is_left_out_hears_why(ana: Office) -> None:
    ana.set("billing_settings", "minimum_commits = %s", 3)
    (found,) = explain(ana.connection, 1, "ana", MAY).people
    assert {(v.counts, v.why_not, v.amount) for v in found.verdicts} == {(False, "minimum_commits", None)}
    ana.set("billing_settings", "bots = 'exclude', bot_names = %s", ["ana"])
    (found,) = explain(ana.connection, 1, "ana", None).people
    assert {v.why_not for v in found.verdicts} == {"bot"}


def test_a_stopped_bill_is_explained_with_a_note(ana: Office) -> None:
    ana.set("repositories", "outcome = %s", "never", "repository_id = 'r1'")
    (found,) = explain(ana.connection, 1, "ana", MAY).people
    assert {v.note for v in found.verdicts} == {"stale: repository storefront/web was never observed"}


@pytest.mark.parametrize("person", ["nobody", "zoe@acme.test", "%", ""])
def test_nobody_is_told_so(ana: Office, person: str) -> None:
    with pytest.raises(SettingsError, match="No author in release 1"):
        explain(ana.connection, 1, person, None)
