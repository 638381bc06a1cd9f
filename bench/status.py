"""``observes status`` over a large ledger: 200 streams, 100,000 loads, with attempts, refusals and incidents.

    python -m bench.status [--rounds 9] [--loads 100000]

The whole process is measured, interpreter and imports included, as a person waits for it. The ledger is
generated; the command is the shipped one, with generated sources in the place of those that we ship.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time

import psycopg

from bench import machine
from bench.report import Figure
from bench.stage import home
from observes_assets.installation import Installation
from observes_assets.postgres.roles import grant_reader
from observes_assets.settings import Settings

SOURCES, STREAMS = 20, 10
GOAL = 1.0
NAMES = [f"vendor_{chr(ord('a') + number)}" for number in range(SOURCES)]
STATUS = f"""
import observes_assets.installation as installation
from observes_assets.incidents import promises
installation.SOURCES = {NAMES!r}
promises._text = lambda source: source.encode()
import sys
from observes_assets.cli import main
sys.argv = ["observes", "status", "--json"]
main()
"""
LEDGER = """
create temporary table streams as
    select source, 'stream_' || stream as stream, row_number() over () as number
    from unnest(%(sources)s::text[]) as source, generate_series(1, %(streams)s) as stream;
insert into landing.promised
    select s.source, s.stream, s.number, p.sha256, 'owner', 'pager', interval '26 hours', interval '50 hours'
    from streams as s join jsonb_to_recordset(%(shas)s) as p (source text, sha256 text) using (source);
insert into landing.loads
    (load_id, source, stream, batch, scope, kind, is_first, extracted_from, extracted_until, records_read,
    records_written, records_unchanged, records_deleted, records_quarantined, hash_recipe, contract_sha256,
    code_version, run_id, started_at, landed_at)
    select turn * 1000 + number, source, stream, turn, jsonb_build_object('part', (turn %% 5)::text),
        'differential', turn = 1, at, at, 100, 10, 90, 0, (turn %% 50 = 0)::int, 2, '', '', '', at, at
    from streams, generate_series(1, %(turns)s) as turn,
        lateral (select now() - (%(turns)s - turn) * interval '1 hour' as at);
insert into landing.batches
    select source, stream, batch, scope, case when batch = %(turns)s and load_id %% 40 = 0 then 'refused'
        else 'landed' end, '{"record_count": 100}'
    from landing.loads;
insert into landing.refusals
    select source, stream, batch, 'too many', '{"read": 1}', '[]', now()
    from landing.batches where state = 'refused';
insert into landing.quarantine
    select source, stream, batch, 1, 'key', '$', 'wrong' from landing.loads where records_quarantined > 0;
insert into landing.attempts
    select source, stream, number, now(), now(), case when number %% 20 = 0 then now() end, 0, null, ''
    from streams;
insert into landing.incidents
    select 'i-' || n, n, now(), case when n > 20 then now() end, jsonb_build_object(
        'incident_id', 'i-' || n, 'cause', 'c' || n, 'kind', 'stale_stream', 'source', 'vendor_a', 'stream',
        'stream_1', 'severity', 'incident', 'title', 'It is old.', 'run_id', null, 'owner', 'owner',
        'on_call', 'pager', 'since', now(), 'opened_at', now(), 'told', '[]'::jsonb)
    from generate_series(1, 5000) as n;
insert into landing.releases
    (release_number, state, is_on_show, as_of, inputs_sha256, record, published_at)
    values (1, 'published', true, 1, '', '{}', now());
insert into raw_github.observations
    select turn * 1000, 1, '["account","github"]', md5(turn::text)::uuid, jsonb_build_object(
        'place', 'account', 'id', 'github', 'name', 'github', 'outcome', 'ok', 'reasons', '[]'::jsonb,
        'quotas', jsonb_build_array(jsonb_build_object('resource', 'core', 'limit', 5000, 'remaining', turn)))
    from generate_series(1, %(turns)s) as turn;
insert into landing.github__observations
    select record_key, load_id, lead(load_id) over (order by load_id), false, load_id, 1000, record_hash
    from raw_github.observations;
create schema warehouse;
create table warehouse.repositories as select 'a' as organization_name, 'b' as group_name, 'c' as nickname,
    'ok' as outcome, null::text as reason, now() as outcome_since from generate_series(1, 1000);
analyze;
"""


def fill(installation: Installation, loads: int) -> None:
    """Write a ledger as a year of work would leave it."""
    shas = [{"source": name, "sha256": hashlib.sha256(name.encode()).hexdigest()} for name in NAMES]
    turns = loads // (SOURCES * STREAMS)
    values = {"sources": NAMES, "streams": STREAMS, "shas": json.dumps(shas), "turns": turns}
    with installation.connect("bench") as connection:
        for statement in LEDGER.split(";\n"):
            if statement.strip():
                psycopg.ClientCursor(connection).execute(statement, values)
        grant_reader(connection, "warehouse", ["repositories"], {})


def take(settings: Settings) -> float:
    """Seconds of one ``observes status``."""
    url = settings.postgres_url
    named = {"OBSERVES_POSTGRES_URL": url.get_secret_value()} if url else {}
    machine.wait_until_quiet()
    begin = time.perf_counter()
    told = subprocess.run(
        [sys.executable, "-c", STATUS],
        env={**os.environ, "OBSERVES_HOME": str(settings.home), **named},
        check=True,
        capture_output=True,
    )
    elapsed = time.perf_counter() - begin
    document = json.loads(told.stdout)
    assert len(document["streams"]) == SOURCES * STREAMS
    assert len(document["incidents"]) == 20
    assert len(document["github"]["quotas"]) == 1
    assert {one["state"] for one in document["streams"]} == {"fresh", "broken"}
    return elapsed


def measure(installation: Installation, loads: int, rounds: int) -> Figure:
    """Fill an installation that is set up, and ask it."""
    fill(installation, loads)
    take(installation.settings)  # the first one reads tables that nobody has read yet
    values = [take(installation.settings) for _ in range(rounds)]
    return Figure(f"status, {SOURCES * STREAMS} streams, {loads:,} loads", values, GOAL, unit="s")


def main() -> None:
    """Print the figure, and exit with 1 if it is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--loads", type=int, default=100_000)
    options = parser.parse_args()
    print(machine.describe())
    with home() as folder:
        installation = Installation(Settings(home=folder))
        try:
            installation.set_up()
            figure = measure(installation, options.loads, options.rounds)
        finally:
            assert installation.server is not None
            installation.server.stop()
    print(figure)
    sys.exit(not figure.is_met)


if __name__ == "__main__":
    main()
