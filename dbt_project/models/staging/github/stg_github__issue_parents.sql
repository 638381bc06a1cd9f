with

versions as (
    {{ versions_of('github', 'issue_parents') }}
),

staged as (
    select
        content.repository_id as github_repository_id,
        content."fullDatabaseId" as github_issue_id,
        content.number as issue_number,
        content.parent ->> 'fullDatabaseId' as github_parent_issue_id,
        (content.parent ->> 'number')::bigint as parent_issue_number,
        content.parent -> 'repository' ->> 'nameWithOwner' as parent_repository_name,
        (content."subIssuesSummary" ->> 'total')::bigint as part_count,
        (content."subIssuesSummary" ->> 'completed')::bigint as part_done_count,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        repository_id text,
        "fullDatabaseId" text,
        number bigint,
        parent jsonb,
        "subIssuesSummary" jsonb
    )
)

select * from staged
