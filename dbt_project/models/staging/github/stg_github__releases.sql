with

versions as (
    {{ versions_of('github', 'releases') }}
),

staged as (
    select
        content.repository_id as github_repository_id,
        content.id as github_release_id,
        content.tag_name as tag,
        {{ without_people('content.name') }} as title,
        content.draft as is_draft,
        content.prerelease as is_prerelease,
        {{ pseudonym_of_account("content.author ->> 'id'") }} as author_pseudonym,
        {{ instant('content.created_at') }} as created_at,
        {{ instant('content.published_at') }} as published_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        repository_id text,
        id text,
        tag_name text,
        name text,
        draft boolean,
        prerelease boolean,
        author jsonb,
        created_at text,
        published_at text
    )
)

select * from staged
