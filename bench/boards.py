"""A large company's GitHub as raw tables, made inside Postgres: issues, parents, boards with their cards.

Every fifth issue of a thousand is an epic or a deliverable's; each issue has ``versions`` versions a month
apart: opened, estimated, put into sprint after sprint, and most of them closed.
"""

import orjson
from psycopg import Connection

_LOADS = """
insert into landing.loads
    (load_id, source, stream, batch, scope, kind, is_first, extracted_from, extracted_until, records_read,
    records_written, records_unchanged, records_deleted, records_quarantined, hash_recipe, contract_sha256,
    code_version, run_id, started_at, landed_at)
select number * 10 + position, split_part(stream, '/', 1), split_part(stream, '/', 2), number,
    case stream when 'github/project_items' then '{"project_id": "board"}'::jsonb else '{}' end,
    'complete', number = 1, at, at, 1, 1, 0, 0, 0, 2, '', '', '', at, at
from unnest(array['delivery/delivery', 'github/projects', 'github/project_fields', 'github/issue_parents',
    'github/issues', 'github/project_items', 'github/repositories'])
    with ordinality as streams (stream, position),
    generate_series(1, %(versions)s) as number,
    lateral (select timestamptz '2025-01-01 04:00Z' + number * interval '30 days' as at)
"""
_ISSUES = """
insert into raw_github.issues
select v * 10 + 5, i, i::text, md5(i || '-' || v)::uuid, jsonb_build_object(
    'repository_id', (i %% 50)::text, 'id', i, 'node_id', 'I_' || i, 'number', i,
    'title', 'Work on part ' || i,
    'body', repeat('What to do, and why. ', 15) || case when i <= %(issues)s / 1000
        then E'\n### Acceptance criteria\n- [x] one\n- [ ] two\n' else '' end,
    'state', case when is_closed then 'closed' else 'open' end,
    'state_reason', case when is_closed then case i %% 20 when 7 then 'not_planned' else 'completed' end end,
    'type', jsonb_build_object('name', case when i <= %(issues)s / 1000 then 'Deliverable'
        when i <= %(issues)s / 100 then 'Epic' when i %% 3 = 0 then 'Bug' else 'Task' end),
    'labels', '[]'::jsonb, 'created_at', '2025-01-02T00:00:00Z',
    'updated_at', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SSZ'),
    'closed_at', case when is_closed then to_char(at, 'YYYY-MM-DD"T"HH24:MI:SSZ') end, 'comments', v)
from generate_series(1, %(issues)s) as i, generate_series(1, %(versions)s) as v,
    lateral (select timestamp '2025-01-01' + v * interval '30 days' - (i %% 25) * interval '1 day' as at,
        v = %(versions)s and i %% 5 <> 0 and i > %(issues)s / 100 as is_closed)
"""
_CARDS = """
insert into raw_github.project_items
select v * 10 + 6, i, i::text, md5(i || '-' || v)::uuid, jsonb_build_object(
    'project_id', 'board', 'id', 'card' || i, 'type', 'ISSUE', 'isArchived', false,
    'fieldValues', jsonb_build_array(
        jsonb_build_object(
            'field', '{"name": "Status"}'::jsonb, 'optionId', 'o' || v, 'name', 'Status ' || v),
        jsonb_build_object('field', '{"name": "Points"}'::jsonb, 'number', (i %% 8) + 0.5 * (v %% 2)),
        jsonb_build_object('field', '{"name": "Sprint"}'::jsonb, 'iterationId', 's' || v,
            'title', 'Sprint ' || v, 'duration', 14,
            'startDate', to_char(timestamp '2025-01-06' + v * interval '28 days', 'YYYY-MM-DD'))),
    'content', jsonb_build_object('__typename', 'Issue', 'fullDatabaseId', i::text),
    'createdAt', '2025-01-03T00:00:00Z',
    'updatedAt', to_char(timestamp '2025-01-01' + v * interval '30 days' - (i %% 25) * interval '1 day',
        'YYYY-MM-DD"T"HH24:MI:SSZ'))
from generate_series(%(issues)s / 100 + 1, %(issues)s) as i, generate_series(1, %(versions)s) as v
"""
_PARENTS = """
insert into raw_github.issue_parents
select 14, i, i::text, md5(i::text)::uuid, jsonb_build_object(
    'repository_id', (i %% 50)::text, 'id', 'I_' || i, 'fullDatabaseId', i::text, 'number', i,
    'parent', case when i > %(issues)s / 1000 then jsonb_build_object('fullDatabaseId', (case
        when i <= %(issues)s / 100 then 1 + i %% greatest(%(issues)s / 1000, 1)
        else %(issues)s / 1000 + 1 + i %% (%(issues)s / 100 - %(issues)s / 1000) end)::text) end)
from generate_series(1, %(issues)s) as i
"""
_VERSIONS = """
insert into landing.github__{stream}
select record_key, load_id, lead(load_id) over by_key, false, load_id,
    first_value(load_id) over by_key, record_hash
from raw_github.{stream} window by_key as (partition by record_key order by load_id)
"""
_SINGLE = {
    "delivery.delivery": {
        "name": "delivery",
        "time_zone": "America/New_York",
        "done": {"closed_as": ["completed"], "statuses": []},
        "started": ["Status 2"],
        "types": {"deliverable": ["Deliverable"], "epic": ["Epic"]},
        "incidents": {"labels": [], "types": []},
        "boards": [
            {
                "owner": "octo",
                "number": 1,
                "role": "sprint",
                "status_field": "Status",
                "sprint_field": "Sprint",
                "points_field": "Points",
            }
        ],
    },
    "github.projects": {
        "owner_id": "1",
        "id": "board",
        "number": 1,
        "title": "Board",
        "closed": False,
        "owner": {"__typename": "Organization", "login": "octo"},
    },
}


def fill(connection: Connection, issues: int, versions: int) -> None:
    """Fill empty raw tables: ``versions`` versions of each of ``issues`` issues and of its card."""
    sizes = {"issues": issues, "versions": versions}
    for statement in (_LOADS, _ISSUES, _CARDS, _PARENTS):
        connection.execute(statement, sizes)
    for position, (name, record) in enumerate(_SINGLE.items(), start=1):
        _single(connection, name, 10 + position, record)
    for number, (field, kind) in enumerate(
        {"Status": "SINGLE_SELECT", "Points": "NUMBER", "Sprint": "ITERATION"}.items()
    ):
        _single(
            connection,
            "github.project_fields",
            13,
            {"project_id": "board", "id": f"field{number}", "name": field, "dataType": kind},
        )
    for stream in ("issues", "project_items", "issue_parents"):
        connection.execute(_VERSIONS.format(stream=stream).encode())
    connection.execute("vacuum analyze")


def _single(connection: Connection, name: str, load_id: int, record: dict[str, object]) -> None:
    source, stream = name.split(".")
    key = str(record.get("id", record.get("name")))
    connection.execute(
        f"insert into raw_{source}.{stream} values (%s, 1, %s, md5(%s)::uuid, %s)".encode(),
        [load_id, key, key, orjson.dumps(record).decode()],
    )
    connection.execute(
        f"insert into landing.{source}__{stream} "
        "values (%s, %s, null, false, %s, %s, md5(%s)::uuid)".encode(),
        [key, load_id, load_id, load_id, key],
    )
