with

versions as (
    {{ versions_of('github', 'project_items') }}
),

staged as (
    select
        content.project_id as github_project_id,
        content.id as github_item_id,
        content.type as item_type,
        content."isArchived" as is_archived,
        case
            when content.content ->> '__typename' = 'Issue' then content.content ->> 'fullDatabaseId'
        end as github_issue_id,
        case
            when content.content ->> '__typename' = 'PullRequest' then content.content ->> 'fullDatabaseId'
        end as github_pull_request_id,
        -- a kind of value that our query doesn't know comes without its field
        (
            select coalesce(jsonb_object_agg(item.value -> 'field' ->> 'name', item.value - 'text'), '{}')
            from jsonb_array_elements(content."fieldValues") as item (value)
            where item.value -> 'field' ->> 'name' is not null
        ) as field_values,
        {{ instant('content."createdAt"') }} as created_at,
        {{ instant('content."updatedAt"') }} as updated_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        project_id text,
        id text,
        type text,
        "isArchived" boolean,
        content jsonb,
        "fieldValues" jsonb,
        "createdAt" text,
        "updatedAt" text
    )
)

select * from staged
