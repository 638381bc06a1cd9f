with

versions as (
    {{ versions_of('github', 'reviews') }}
),

staged as (
    select
        content.repository_id as github_repository_id,
        content."fullDatabaseId" as github_review_id,
        (content.pull_request ->> 'number')::bigint as pull_request_number,
        content.state,
        {{ pseudonym_of_account("content.author ->> 'databaseId'") }} as author_pseudonym,
        content.author ->> '__typename' = 'Bot' as is_bot,
        (content.comments ->> 'totalCount')::bigint as comment_count,
        content.commit ->> 'oid' as commit_sha,
        {{ instant('content."createdAt"') }} as created_at,
        {{ instant('content."submittedAt"') }} as submitted_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        repository_id text,
        "fullDatabaseId" text,
        pull_request jsonb,
        state text,
        author jsonb,
        comments jsonb,
        commit jsonb,
        "createdAt" text,
        "submittedAt" text
    )
)

select * from staged
