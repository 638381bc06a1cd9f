"""Each promise of the marts, broken on purpose in what dbt has built: exactly its tests must see it."""

from pathlib import Path

import msgspec
import psycopg

# What is done to the candidate, and the tests that must fail; no other one may.
BREAKS: dict[str, set[str]] = {
    "insert into candidate.commits select * from candidate.commits limit 1": {
        "commits_has_one_row_a_key",
        "marts_keep_their_rows",
        "billed_commits_reconcile",
        "repository_weeks_sum_up",
    },
    "insert into candidate.repositories select * from candidate.repositories limit 1": {
        "repositories_has_one_row_a_key",
        "marts_keep_their_rows",
    },
    "insert into candidate.billing_settings select * from candidate.billing_settings": {
        "billing_settings_has_one_row_a_key",
        "marts_keep_their_rows",
        "billed_commits_reconcile",
    },
    "insert into candidate.billable_authors select * from candidate.billable_authors limit 1": {
        "billable_authors_has_one_row_a_key"
    },
    "insert into candidate.repository_weeks select * from candidate.repository_weeks limit 1": {
        "repository_weeks_has_one_row_a_key",
        "repository_weeks_sum_up",
    },
    "insert into candidate.accounts select * from candidate.accounts": {"accounts_has_one_row_a_key"},
    "update candidate.repositories set outcome = 'lost'": {"repositories_have_known_outcomes"},
    "update candidate.repositories set group_name = 'nobody'": {"repositories_belong_to_groups_with_terms"},
    "update candidate.billing_settings set rule = 'guessed'": {"billing_settings_have_a_known_rule"},
    "update candidate.billing_settings set bots = 'maybe'": {"billing_settings_have_a_known_word_on_bots"},
    "update candidate.commits set file_count = -1": {"commits_have_no_negative_counts"},
    "update candidate.commits set insertions = insertions + 1 where is_reachable": {
        "repository_weeks_sum_up"
    },
    "update candidate.group_terms set author_amount = -1": {"group_terms_are_in_order"},
    "update candidate.group_terms set valid_until = null": {
        "group_terms_do_not_overlap",
        "marts_keep_their_rows",
    },
    "update candidate.billable_authors set commit_count = 99": {
        "billable_authors_count_within_the_organization"
    },
    "delete from candidate.billable_authors where month_on >= '2024-03-01'": {"billable_authors_sum_up"},
    "update candidate.billed_commits set branch = 'other' where is_proof and rule = 'observed'": {
        "billed_commits_are_commits",
        "billed_commits_reconcile",
    },
    "update candidate.billed_commits set month_on = month_on + 400 where rule = 'committed'": {
        "billable_authors_sum_up",
        "billed_commits_reconcile",
    },
    "delete from candidate.int_commits_owned where repository_id = 'r1'": {
        "commits_keep_their_organization",
        "billed_commits_reconcile",
    },
    "update candidate.int_repositories_owned set organization_name = group_name": {
        "repositories_keep_their_organization"
    },
    "delete from candidate.int_commits_observed where repository_id = 'r9'": {
        "staged_rows_are_whole",
        "marts_keep_their_rows",
    },
    'update raw_git.observations set record = record || \'{"outcome": "lost"}\'': {
        "stg_git__observations_have_known_outcomes"
    },
}


def failing(connection: psycopg.Connection, tests: dict[str, str]) -> set[str]:
    """Names of the tests whose query finds something."""
    found = set()
    for name, query in tests.items():
        row = connection.execute(f"select exists ({query})".encode()).fetchone()
        assert row is not None
        if row[0]:
            found.add(name)
    return found


def assert_each_test_can_fail(connection: psycopg.Connection, target: Path) -> None:
    """Break what the last build made, run its compiled tests, and put it back: again and again."""
    results = msgspec.json.decode((target / "run_results.json").read_bytes())["results"]
    tests = {
        one["unique_id"].split(".")[2]: one["compiled_code"]
        for one in results
        if one["unique_id"].startswith("test.") and one["status"] == "pass"
    }
    assert failing(connection, tests) == set()
    for statement, expected in BREAKS.items():
        with connection.transaction(force_rollback=True):
            assert connection.execute(statement.encode()).rowcount > 0, statement
            assert failing(connection, tests) == expected, statement
