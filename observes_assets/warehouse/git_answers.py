"""Ask git itself what the marts need to know: who a person is, and what an ignore pattern covers.

Both are pure functions of what has landed, so the answers are kept and each is asked once. They are
filled for everything up to the build's as-of before dbt starts.
"""

from collections.abc import Iterator

from psycopg import Connection

from observes_assets.sources.git.identities import canonical
from observes_assets.sources.git.ignores import ignored

_PORTFOLIOS = """
    select distinct on (v.load_id) r.record
    from landing.portfolio__portfolio as v join raw_portfolio.portfolio as r using (record_key, load_id)
    where v.load_id <= (select as_of from landing.build)
"""


def fill(connection: Connection) -> None:
    """Ask for everything up to the build's as-of that has no answer yet."""
    newest = connection.execute(
        "select record ->> 'mailmap_sha256', record ->> 'mailmap' "
        f"from ({_PORTFOLIOS} order by v.load_id desc) limit 1"
    ).fetchone()
    if newest is not None:
        _fill_identities(connection, sha256=newest[0], mailmap=newest[1])
    for sha256, patterns in _pattern_lists(connection):
        _fill_ignored(connection, sha256, patterns)


def _fill_identities(connection: Connection, *, sha256: str, mailmap: str) -> None:
    unknown = connection.execute(
        """
        select distinct record ->> 'author_name', record ->> 'author_email' from raw_git.commits
        where load_id <= (select as_of from landing.build)
        except select author_name, author_email from landing.identities where mailmap_sha256 = %s
        """,
        [sha256],
    ).fetchall()
    with connection.cursor() as cursor, connection.transaction():
        cursor.executemany(
            "insert into landing.identities values (%s, %s, %s, %s, %s) on conflict do nothing",
            [(sha256, *answer) for answer in canonical(mailmap, unknown)],
        )


def _pattern_lists(connection: Connection) -> list[tuple[str, list[str]]]:
    rows = connection.execute(
        f"""
        select distinct entry ->> 'ignore_sha256', entry -> 'ignore'
        from ({_PORTFOLIOS}) as p, jsonb_array_elements(p.record -> 'repositories') as entry
        where entry ->> 'ignore_sha256' is not null
        """
    )
    return [(row[0], row[1]) for row in rows]


def _fill_ignored(connection: Connection, sha256: str, patterns: list[str]) -> None:
    with (
        connection.transaction(),
        connection.cursor("unanswered") as unanswered,
        connection.cursor() as cursor,
    ):
        unanswered.execute(
            f"""
            with pairs as (
                select distinct entry ->> 'repository_id' as repository_id, entry ->> 'branch' as branch
                from ({_PORTFOLIOS}) as p, jsonb_array_elements(p.record -> 'repositories') as entry
                where entry ->> 'ignore_sha256' = %(sha256)s
            )
            select distinct on (c.record ->> 'sha') c.record ->> 'sha', c.record -> 'files'
            from raw_git.commits as c
            join pairs as p
                on p.repository_id = c.record ->> 'repository_id' and p.branch = c.record ->> 'branch'
            where c.load_id <= (select as_of from landing.build) and not exists (
                select from landing.ignored_commits as i
                where i.ignore_sha256 = %(sha256)s and i.sha = c.record ->> 'sha'
            )
            """,
            {"sha256": sha256},
        )
        commits = ((sha, [file["path"] for file in files]) for sha, files in unanswered)
        answers = _chunks(ignored(patterns, commits))
        for chunk in answers:
            cursor.executemany(
                "insert into landing.ignored_commits values (%s, %s, %s) on conflict do nothing",
                [(sha256, sha, is_ignored) for sha, is_ignored in chunk],
            )


def _chunks(answers: Iterator[tuple[str, bool]], size: int = 10_000) -> Iterator[list[tuple[str, bool]]]:
    chunk: list[tuple[str, bool]] = []
    for answer in answers:
        chunk.append(answer)
        if len(chunk) == size:
            yield chunk
            chunk = []
    yield chunk
