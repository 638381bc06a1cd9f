-- The landing: what has landed, what waits, what was refused, what is being built and what is on show.
-- All of it but `installation`, `releases` and `pseudonym_key` can be dropped and made again from the bucket.
create schema landing;

create table landing.installation (
    is_only boolean primary key default true check (is_only),
    installation_id text not null
);

-- A copy of what the archive lists, so that no run lists it twice.
create table landing.batches (
    source text not null,
    stream text not null,
    batch bigint not null,
    scope jsonb not null,
    state text not null check (state in ('pending', 'landed', 'refused', 'accepted', 'rejected')),
    manifest jsonb not null,
    primary key (source, stream, batch)
);
create index on landing.batches (source, stream, scope, batch);
create index on landing.batches (source, stream, batch) where state in ('pending', 'refused', 'accepted');

create sequence landing.load_id;
create table landing.loads (
    load_id bigint primary key,
    source text not null,
    stream text not null,
    batch bigint not null,
    scope jsonb not null,
    kind text not null check (kind in ('complete', 'differential')),
    is_first boolean not null,
    extracted_from timestamptz not null,
    extracted_until timestamptz not null,
    records_read bigint not null,
    records_written bigint not null,
    records_unchanged bigint not null,
    records_deleted bigint not null,
    records_quarantined bigint not null,
    hash_recipe integer not null,
    contract_sha256 text not null,
    code_version text not null,
    run_id text not null,
    started_at timestamptz not null,
    landed_at timestamptz not null,
    unique (source, stream, batch)
);
create index on landing.loads (source, stream, scope, batch);
create index on landing.loads (load_id) where records_written > 0 or records_deleted > 0;

-- Pointers only: the refused bytes stay in the archive.
create table landing.quarantine (
    source text not null,
    stream text not null,
    batch bigint not null,
    line integer not null,
    record_key text,
    path text not null,
    reason text not null,
    primary key (source, stream, batch, line)
);

create table landing.refusals (
    source text not null,
    stream text not null,
    batch bigint not null,
    reason text not null,
    counts jsonb not null,
    samples jsonb not null,
    refused_at timestamptz not null,
    primary key (source, stream, batch)
);

-- The one build. A new build waits for models in flight (they hold this row for share) and fences off the rest.
create table landing.build (
    is_only boolean primary key default true check (is_only),
    state text not null check (state in ('none', 'building', 'built', 'failed', 'published')),
    token text,
    invocation_id text,
    as_of bigint not null,
    as_of_at timestamptz,
    as_of_batches jsonb not null default '{}',
    inputs_sha256 text,
    identity jsonb not null default '{}',
    marts jsonb not null default '{}',
    reason text
);
insert into landing.build (state, as_of) values ('none', 0);

create table landing.check_results (
    invocation_id text not null,
    check_name text not null,
    is_blocking boolean not null,
    status text not null,
    failures bigint,
    message text,
    primary key (invocation_id, check_name)
);

create table landing.releases (
    release_number bigint primary key,
    state text not null check (state in ('published', 'dropped')),
    is_on_show boolean not null default false,
    is_pinned boolean not null default false,
    as_of bigint not null,
    inputs_sha256 text not null,
    record jsonb not null,
    is_recorded boolean not null default false,
    published_at timestamptz not null
);
create unique index on landing.releases (is_on_show) where is_on_show;

-- Automatic publishing stops while a row stands here.
create table landing.hold (
    is_only boolean primary key default true check (is_only),
    who text not null,
    why text not null,
    held_at timestamptz not null
);

-- Answers of git for what has landed: pure functions of their keys, kept so that they are asked once.
create table landing.identities (
    mailmap_sha256 text not null,
    author_name text not null,
    author_email text not null,
    canonical_name text not null,
    canonical_email text not null,
    primary key (mailmap_sha256, author_name, author_email)
);
create table landing.ignored_commits (
    ignore_sha256 text not null,
    sha text not null,
    is_ignored boolean not null,
    primary key (ignore_sha256, sha)
);

-- HMAC-SHA256 by hand: the embedded server has sha256() but no pgcrypto. Only the two padded keys are kept.
create table landing.pseudonym_key (
    is_only boolean primary key default true check (is_only),
    fingerprint text not null,
    inner_pad bytea not null,
    outer_pad bytea not null
);

create function landing.pseudonym(plain text) returns text
language sql stable strict parallel safe security definer set search_path = pg_catalog
return (
    select left(
        encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(plain, 'UTF8'))), 'hex'), 32
    )
    from landing.pseudonym_key as k
);

-- dbt's first word: binds its invocation to the build that started it (by the token in its environment).
create function landing.join_build(invocation text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    update landing.build set invocation_id = invocation
    where state = 'building' and invocation_id is null and token = current_setting('observes.build', true);
    if not found then
        raise exception 'no build of Observes waits for this dbt: run `observes run`, not dbt by hand';
    end if;
end $$;

-- Every model's first word: a dbt that lost its parent can't write into the next candidate.
create function landing.hold_build(invocation text) returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    perform 1 from landing.build where state = 'building' and invocation_id = invocation for share;
    if not found then
        raise exception 'dbt invocation % is not the current build', invocation;
    end if;
end $$;
revoke all on all functions in schema landing from public;
