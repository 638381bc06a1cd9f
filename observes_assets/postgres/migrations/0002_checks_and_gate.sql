-- What checks and the publish gate need to know; the landing's counts are as in 0001.

-- The vendor's own count; and whether a person accepted the batch, so that the contract's limits don't apply.
alter table landing.loads
    add column reported_count bigint,
    add column is_accepted boolean not null default false;

create index on landing.loads (source, stream, load_id);

-- Up to which load a stream's structure was found whole, and the newest time that its own records name.
create table landing.checked (
    source text not null,
    stream text not null,
    load_id bigint not null,
    newest_at timestamptz,
    primary key (source, stream)
);

-- What the candidate must show before it may be published, written down before it is built; and the tables that
-- were tested, by the file that holds each: one that was made anew since is another table.
alter table landing.build
    add column requirements jsonb not null default '{}',
    add column built jsonb not null default '{}';
