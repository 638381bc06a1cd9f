with

versions as (
    {{ versions_of('github', 'repositories') }}
),

staged as (
    select
        content.id as github_repository_id,
        content.owner_id as github_owner_id,
        content.full_name as repository_name,
        content.default_branch,
        content.visibility,
        content.archived as is_archived,
        content.fork as is_fork,
        content.has_issues,
        {{ instant('content.created_at') }} as created_at,
        {{ instant('content.pushed_at') }} as pushed_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        id text,
        owner_id text,
        full_name text,
        default_branch text,
        visibility text,
        archived boolean,
        fork boolean,
        has_issues boolean,
        created_at text,
        pushed_at text
    )
)

select * from staged
