with

versions as (
    {{ versions_of('github', 'projects') }}
),

staged as (
    select
        content.owner_id as github_owner_id,
        content.id as github_project_id,
        case
            when content.owner ->> '__typename' = 'Organization' then content.owner ->> 'login'
        end as owner_name,
        case
            when content.owner ->> '__typename' = 'User' then {{ person_id("content.owner ->> 'login'") }}
        end as owner_pseudonym,
        content.number as project_number,
        {{ without_people('content.title') }} as title,
        content.closed as is_closed,
        (content.items ->> 'totalCount')::bigint as item_count,
        {{ instant('content."createdAt"') }} as created_at,
        {{ instant('content."closedAt"') }} as closed_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        owner_id text,
        id text,
        owner jsonb,
        number bigint,
        title text,
        closed boolean,
        items jsonb,
        "createdAt" text,
        "closedAt" text
    )
)

select * from staged
