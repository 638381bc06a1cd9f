from dataclasses import replace
from datetime import UTC, date, datetime

from observes_assets.billing.evidence import Commit
from observes_assets.billing.explain import ExplainedCommit, explain_commit, months_of
from observes_assets.billing.records import Rule

MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)
SEEN = datetime(2024, 5, 20, tzinfo=UTC)
COMMIT = Commit(
    organization="acme",
    repository="web",
    branch="main",
    sha="a" * 40,
    authored_at=datetime(2024, 4, 3, tzinfo=UTC),
    committed_at=datetime(2024, 4, 5, tzinfo=UTC),
    seen_at=SEEN,
    is_history=False,
    is_merge=False,
    is_reachable=True,
    first_seen_at=SEEN,
    is_first_history=False,
    first_repository="web",
    first_commit="a" * 40,
    owners=("storefront",),
    counts_in=(("storefront", MAY),),
)


def answer(commit: Commit, month: date | None = MAY, rule: Rule = "observed") -> ExplainedCommit:
    return explain_commit(commit, month, rule, "UTC")


def test_a_commit_that_counts() -> None:
    assert answer(COMMIT).answer == "counts"
    assert answer(COMMIT, None).answer == "counts"
    assert answer(COMMIT).detail == ""


def test_a_commit_that_counts_in_another_month() -> None:
    told = answer(COMMIT, date(2024, 4, 1))
    assert (told.answer, told.detail) == ("other month", "counts in 2024-05")


def test_a_commit_that_one_of_two_groups_ignores() -> None:
    told = answer(replace(COMMIT, owners=("storefront", "backend")))
    assert told.answer == "counts"
    assert told.detail.startswith("not in backend: ignored there")


def test_why_a_commit_does_not_count() -> None:
    none = replace(COMMIT, counts_in=())
    earlier = replace(
        none, first_seen_at=datetime(2024, 4, 9, tzinfo=UTC), first_repository="api", first_commit="b" * 40
    )
    assert answer(none).answer == "ignored"
    assert answer(none, rule="committed").answer == "ignored"
    assert answer(replace(none, is_merge=True)).answer == "merge"
    assert answer(replace(none, is_merge=True, is_history=True)).answer == "merge"
    assert answer(replace(none, is_history=True)).answer == "history"
    assert answer(earlier).answer == "copy"
    assert answer(earlier).detail == f"the same work was first seen in 2024-04 in api as {'b' * 40}"
    assert answer(replace(earlier, is_first_history=True)).detail == (
        f"the same work was history of api as {'b' * 40}"
    )


def test_a_person_looks_for_a_commit_in_any_of_its_months() -> None:
    assert months_of(COMMIT, "UTC") == {date(2024, 4, 1), MAY}
    border = replace(COMMIT, seen_at=datetime(2024, 6, 1, 2, tzinfo=UTC))
    assert JUNE in months_of(border, "UTC")
    assert JUNE not in months_of(border, "America/Bogota")
