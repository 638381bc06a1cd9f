with

versions as (
    {{ versions_of('github', 'disappearances') }}
),

staged as (
    select
        content.kind,
        content.id as github_id,
        content.repository_id as github_repository_id,
        content.number as issue_number,
        content.fate,
        content.moved_to ->> 'id' as moved_to_github_id,
        content.moved_to ->> 'repository' as moved_to_repository_name,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        kind text,
        id text,
        repository_id text,
        number bigint,
        fate text,
        moved_to jsonb
    )
)

select * from staged
