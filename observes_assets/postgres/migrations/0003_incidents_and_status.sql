-- What commands ask of Observes' own streams, copied from raw_observes: made again from it after a rebuild.

-- How the attempts to extract each stream went, summed up to load_id.
create table landing.attempts (
    source text not null,
    stream text not null,
    load_id bigint not null,
    last_at timestamptz not null,
    last_good_at timestamptz,
    failing_since timestamptz,
    failure_count bigint not null,
    reason text,
    run_id text not null,
    primary key (source, stream)
);

-- Every incident as its newest record says.
create table landing.incidents (
    incident_id text primary key,
    load_id bigint not null,
    opened_at timestamptz not null,
    closed_at timestamptz,
    record jsonb not null
);
create index on landing.incidents (opened_at) where closed_at is null;
create index on landing.incidents (closed_at);
create index on landing.incidents (load_id);

-- The streams that have something in quarantine, and their scopes, without looking through the ledger.
create index on landing.loads (source, stream, scope) where records_quarantined > 0;

-- What the contracts promise about each stream, so that a question about all of them reads no contract.
create table landing.promised (
    source text not null,
    stream text not null,
    place integer not null,
    contract_sha256 text not null,
    owner text not null,
    on_call text not null,
    late_after interval not null,
    broken_after interval not null,
    primary key (source, stream)
);
