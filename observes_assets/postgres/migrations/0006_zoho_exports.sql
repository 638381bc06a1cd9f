-- Zoho's bulk-read jobs, ours to resume: creating one costs credits, and it may outlive the run that asked for it.
-- No load touches this table; its rows lie in the bucket too, as observes/exports, and come back from there.

create table landing.zoho_exports (
    export_id text primary key,
    module text not null,
    -- The exports of one reading of a module belong together: they make one batch.
    reading text not null,
    is_sweep boolean not null,
    span_number integer not null,
    span_count integer not null,
    modified_from timestamptz,
    modified_until timestamptz,
    page_number integer not null,
    page_token text,
    try_number integer not null,
    created_at timestamptz not null,
    state text not null,
    result jsonb,
    -- failed, expired, stuck: another one is asked for. landed, dropped: the last word about its reading.
    ended_as text,
    -- Whether the bucket has it as it is.
    is_recorded boolean not null default false,
    -- In which order they were asked for.
    place bigint generated always as identity
);
create index on landing.zoho_exports (module, place);
create index on landing.zoho_exports (created_at);
create index on landing.zoho_exports (place) where not is_recorded;
