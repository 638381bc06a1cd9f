with

weeks as (
    select
        sum(commit_count) as commit_count,
        sum(insertions) as insertions,
        sum(deletions) as deletions
    from {{ ref('repository_weeks') }}
),

commits as (
    select
        count(*) as commit_count,
        sum(insertions) as insertions,
        sum(deletions) as deletions
    from {{ ref('commits') }}
    where is_reachable and not is_merge
)

select weeks.*
from weeks
cross join commits
where
    coalesce(weeks.commit_count, 0) <> commits.commit_count
    or weeks.insertions is distinct from commits.insertions
    or weeks.deletions is distinct from commits.deletions
