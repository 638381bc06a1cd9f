"""Starts dbt as the warehouse does: a build row with a token, an empty candidate, one process."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from observes_assets.postgres.roles import BUILDER

PROJECT = Path(__file__).parents[3] / "dbt_project"
TOKEN = "token-of-the-build"
KEYS = {
    "billed_commits": "rule, organization_name, group_name, repository_id, branch, commit_sha",
    "billable_authors": "rule, month_on, organization_name, group_name, author_email",
    "group_terms": "organization_name, group_name, valid_from",
    "billing_settings": "name",
    "repositories": "organization_name, group_name, nickname",
    "commits": "repository_id, branch, commit_sha",
    "accounts": "github_account_pseudonym",
    "repository_weeks": "repository_id, branch, week_on",
    "reliability": "day_on, source_name, stream_name",
}


def begin_build(connection: psycopg.Connection) -> None:
    """An empty candidate, as of the newest load."""
    connection.execute("drop schema if exists candidate cascade")
    connection.execute(f"create schema candidate authorization {BUILDER}")
    connection.execute(
        "update landing.build set state = 'building', token = %s, invocation_id = null,"
        " as_of = (select coalesce(max(load_id), 0) from landing.loads),"
        " as_of_at = (select max(extracted_until) from landing.loads)",
        [TOKEN],
    )


def dbt(
    *arguments: str, url: str | None, target: Path, token: str = TOKEN
) -> subprocess.CompletedProcess[str]:
    """Run dbt to its end; ``url`` None means without any setting of ours."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OBSERVES_")}
    if url:
        info = psycopg.conninfo.conninfo_to_dict(url)
        environment |= {
            "OBSERVES_DBT_HOST": str(info["host"]),
            "OBSERVES_DBT_PORT": str(info.get("port", 5432)),
            "OBSERVES_DBT_USER": str(info["user"]),
            "OBSERVES_DBT_PASSWORD": str(info.get("password", "")),
            "OBSERVES_DBT_DBNAME": str(info["dbname"]),
            "PGOPTIONS": f"-c TimeZone=UTC -c role={BUILDER} -c observes.build={token}",
        }
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-version-check", *arguments]
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]
    return subprocess.run(
        [*command, *folders, "--log-path", str(target)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def build(
    connection: psycopg.Connection, url: str, target: Path, *, with_unit_tests: bool = False
) -> subprocess.CompletedProcess[str]:
    """One build, the way production does it."""
    begin_build(connection)
    without = () if with_unit_tests else ("--exclude-resource-type", "unit_test")
    return dbt("build", *without, url=url, target=target)


def mart_hashes(connection: psycopg.Connection) -> dict[str, str]:
    """sha256 of each mart, ordered by its key, as COPY writes it."""
    hashes = {}
    for mart, key in KEYS.items():
        digest = hashlib.sha256()
        query = sql.SQL("copy (select * from {} order by {}) to stdout").format(
            sql.Identifier("candidate", mart), sql.SQL(key)
        )
        with connection.cursor().copy(query) as rows:
            for row in rows:
                digest.update(row)
        hashes[mart] = digest.hexdigest()
    return hashes
