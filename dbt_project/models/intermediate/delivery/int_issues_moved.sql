with recursive

first_versions as (
    select
        github_issue_id,
        min(known_from) as known_from,
        max(version_number) as last_version_number,
        bool_or(known_until is null) as is_present
    from {{ ref('int_issues_dated') }}
    where
        github_issue_id in (
            select moved.id
            from {{ ref('stg_github__disappearances') }} as gone
            cross join lateral (values (gone.github_id), (gone.moved_to_github_id)) as moved (id)
            where gone.fate = 'transferred'
        )
    group by github_issue_id
),

moves as (
    select
        gone.github_id as github_issue_id,
        gone.moved_to_github_id as github_next_issue_id,
        before.last_version_number,
        after.known_from as moved_at
    from {{ ref('stg_github__disappearances') }} as gone
    inner join first_versions as before
        on gone.github_id = before.github_issue_id
    inner join first_versions as after
        on gone.moved_to_github_id = after.github_issue_id
    where
        gone.kind = 'issue'
        and gone.fate = 'transferred'
        and gone.known_until is null
        and not gone.is_deleted
        and not before.is_present
),

-- what was transferred may be transferred again
walk as (
    select
        github_issue_id,
        github_next_issue_id as github_newest_issue_id,
        1 as distance
    from moves
    union all
    select
        walk.github_issue_id,
        moves.github_next_issue_id as github_newest_issue_id,
        walk.distance + 1 as distance
    from walk
    inner join moves
        on walk.github_newest_issue_id = moves.github_issue_id
    where moves.github_next_issue_id <> walk.github_issue_id
),

newest as (
    select distinct on (github_issue_id)
        github_issue_id,
        github_newest_issue_id
    from walk
    order by github_issue_id asc, distance desc
)

select
    moves.github_issue_id,
    moves.github_next_issue_id,
    newest.github_newest_issue_id,
    moves.moved_at,
    moves.last_version_number
from moves
inner join newest
    on moves.github_issue_id = newest.github_issue_id
