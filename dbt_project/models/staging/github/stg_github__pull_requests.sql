with

versions as (
    {{ versions_of('github', 'pull_requests') }}
),

staged as (
    select
        content.repository_id as github_repository_id,
        content."fullDatabaseId" as github_pull_request_id,
        content.id as github_node_id,
        content.number as pull_request_number,
        {{ without_people('content.title') }} as title,
        content.state,
        content."isDraft" as is_draft,
        content.merged as is_merged,
        content."reviewDecision" as review_decision,
        {{ pseudonym_of_account("content.author ->> 'databaseId'") }} as author_pseudonym,
        content.author ->> '__typename' = 'Bot' as is_bot,
        {{ pseudonym_of_account("content.\"mergedBy\" ->> 'databaseId'") }} as merger_pseudonym,
        content.additions as insertions,
        content.deletions,
        content."changedFiles" as file_count,
        (content.commits ->> 'totalCount')::bigint as commit_count,
        (content.comments ->> 'totalCount')::bigint as comment_count,
        (content.reviews ->> 'totalCount')::bigint as review_count,
        content."baseRefName" as base_branch,
        content."headRefName" as head_branch,
        content."mergeCommit" ->> 'oid' as merge_commit_sha,
        array(
            select item.value ->> 'name'
            from
                jsonb_array_elements(coalesce(content.labels -> 'nodes', '[]'))
                with ordinality as item (value, position)
            order by item.position
        ) as labels,
        coalesce(content."closingIssuesReferences" -> 'nodes', '[]') as closed_issues,
        {{ instant("(content.commits -> 'nodes' -> 0 -> 'commit' ->> 'authoredDate')") }} as first_commit_at,
        {{ instant('content."createdAt"') }} as created_at,
        {{ instant('content."updatedAt"') }} as updated_at,
        {{ instant('content."closedAt"') }} as closed_at,
        {{ instant('content."mergedAt"') }} as merged_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        repository_id text,
        "fullDatabaseId" text,
        id text,
        number bigint,
        title text,
        state text,
        "isDraft" boolean,
        merged boolean,
        "reviewDecision" text,
        author jsonb,
        "mergedBy" jsonb,
        additions bigint,
        deletions bigint,
        "changedFiles" bigint,
        commits jsonb,
        comments jsonb,
        reviews jsonb,
        "baseRefName" text,
        "headRefName" text,
        "mergeCommit" jsonb,
        labels jsonb,
        "closingIssuesReferences" jsonb,
        "createdAt" text,
        "updatedAt" text,
        "closedAt" text,
        "mergedAt" text
    )
)

select * from staged
