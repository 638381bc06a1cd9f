with recursive

compared as (
    select
        github_issue_id,
        level,
        valid_from,
        valid_until,
        coalesce(level = lag(level) over by_issue and valid_from = lag(valid_until) over by_issue, false)
            as is_same
    from {{ ref('int_issues_stated') }}
    window by_issue as (partition by github_issue_id order by valid_from)
),

numbered as (
    select
        *,
        count(*) filter (where not is_same) over (
            partition by github_issue_id order by valid_from
        ) as level_number
    from compared
),

-- since when an issue has been a deliverable, an epic or work
levels as (
    select
        github_issue_id,
        level,
        min(valid_from) as valid_from,
        max(valid_until) as valid_until
    from numbered
    group by github_issue_id, level, level_number
),

-- what was above an issue when it was first seen is taken to have always been there
parents as (
    select
        github_issue_id,
        github_parent_issue_id,
        known_from,
        case
            when
                lag(known_from) over (partition by github_issue_id order by known_from) is null
                then '-infinity'
            else known_from
        end as valid_from,
        coalesce(known_until, 'infinity') as valid_until
    from {{ ref('stg_github__issue_parents') }}
    where not is_deleted
),

links as (
    select
        parents.github_issue_id,
        parents.github_parent_issue_id,
        levels.level,
        parents.known_from,
        greatest(parents.valid_from, levels.valid_from) as valid_from,
        least(parents.valid_until, levels.valid_until) as valid_until
    from parents
    inner join levels
        on
            parents.github_issue_id = levels.github_issue_id
            and parents.valid_from < levels.valid_until
            and parents.valid_until > levels.valid_from
    where parents.github_parent_issue_id is not null
),

-- Down from each deliverable and each epic, to any depth, as long as both ends of each link were so at the
-- same time; not through another deliverable, nor from one epic through another: the nearest counts. Whoever
-- meets an issue twice has gone in a circle.
walk as (
    select
        roots.level as above_level,
        roots.github_issue_id as github_above_id,
        links.github_issue_id,
        links.level,
        1 as distance,
        array[roots.github_issue_id, links.github_issue_id] as path,
        links.known_from,
        greatest(roots.valid_from, links.valid_from) as valid_from,
        least(roots.valid_until, links.valid_until) as valid_until
    from levels as roots
    inner join links
        on
            roots.github_issue_id = links.github_parent_issue_id
            and roots.valid_from < links.valid_until
            and roots.valid_until > links.valid_from
    where roots.level <> 'work' and links.github_issue_id <> roots.github_issue_id
    union all
    select
        walk.above_level,
        walk.github_above_id,
        links.github_issue_id,
        links.level,
        walk.distance + 1 as distance,
        walk.path || links.github_issue_id as path,
        greatest(walk.known_from, links.known_from) as known_from,
        greatest(walk.valid_from, links.valid_from) as valid_from,
        least(walk.valid_until, links.valid_until) as valid_until
    from walk
    inner join links
        on
            walk.github_issue_id = links.github_parent_issue_id
            and walk.valid_from < links.valid_until
            and walk.valid_until > links.valid_from
    where
        walk.level <> 'deliverable'
        and walk.level <> walk.above_level
        and not links.github_issue_id = any(walk.path)
)

select
    github_issue_id,
    above_level,
    valid_from,
    github_above_id,
    level,
    distance::bigint as distance_count,
    valid_until = 'infinity' as is_current,
    nullif(valid_until, 'infinity') as valid_until,
    known_from
from walk
