with

commits as (
    select
        repository_id,
        branch,
        commit_sha,
        organization_name,
        repository_nickname,
        fingerprint,
        author_id,
        authored_at,
        committed_at,
        seen_at,
        is_history,
        is_merge,
        is_reachable,
        insertions,
        deletions,
        file_count
    from {{ ref('int_commits_observed') }}
)

select * from commits
