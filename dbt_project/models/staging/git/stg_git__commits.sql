with

versions as (
    select
        versions.record_key,
        versions.content_load_id,
        versions.first_load_id,
        versions.is_deleted
    from {{ source('landing', 'git__commits') }} as versions
    where {{ is_as_of('versions') }}
),

records as (
    select
        record_key,
        load_id,
        record
    from {{ source('git', 'commits') }}
),

loads as (
    select
        load_id,
        extracted_until,
        is_first
    from {{ source('landing', 'loads') }}
),

-- jsonb_to_record reads (and decompresses) each record once; fifteen `->>` would do it fifteen times
commits as (
    select
        content.*,
        versions.is_deleted,
        loads.extracted_until,
        loads.is_first
    from versions
    inner join records
        on
            versions.record_key = records.record_key
            and versions.content_load_id = records.load_id
    inner join loads
        on versions.first_load_id = loads.load_id
    cross join jsonb_to_record(records.record) as content (
        repository_id text,
        branch text,
        sha text,
        fingerprint text,
        author_name text,
        author_email text,
        authored_at text,
        committer_name text,
        committer_email text,
        committed_at text,
        parents text[],
        co_authors jsonb,
        insertions bigint,
        deletions bigint,
        files jsonb,
        escaped text[]
    )
),

staged as (
    select
        repository_id,
        branch,
        sha as commit_sha,
        fingerprint,
        {{ pseudonym_of_person('author_name', 'author_email') }} as author_pseudonym,
        {{ person_id('committer_email') }} as committer_id,
        array(
            select {{ person_id("co_author.person ->> 'email'") }}
            from jsonb_array_elements(commits.co_authors) with ordinality as co_author (person, position)
            order by co_author.position
        ) as co_author_ids,
        {{ instant('authored_at') }} as authored_at,
        {{ instant('committed_at') }} as committed_at,
        extracted_until as seen_at,
        is_first as is_history,
        cardinality(parents) >= 2 as is_merge,
        not is_deleted as is_reachable,
        parents as parent_shas,
        insertions,
        deletions,
        jsonb_array_length(files)::bigint as file_count,
        files,
        escaped as escaped_fields
    from commits
)

select * from staged
