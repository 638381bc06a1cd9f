with

commits as (
    select
        *,
        date_trunc('week', committed_at at time zone 'UTC')::date as week_on
    from {{ ref('commits') }}
    where is_reachable and not is_merge
),

weeks as (
    select
        repository_id,
        branch,
        organization_name,
        repository_nickname,
        week_on,
        count(*) as commit_count,
        count(distinct author_id) as author_count,
        sum(insertions)::bigint as insertions,
        sum(deletions)::bigint as deletions
    from commits
    group by repository_id, branch, organization_name, repository_nickname, week_on
)

select * from weeks
