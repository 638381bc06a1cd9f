with recursive

compared as (
    select
        github_issue_id,
        level,
        known_from,
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

spans as (
    select
        github_issue_id,
        level,
        level_number,
        min(known_from) as known_from,
        min(valid_from) as valid_from,
        max(valid_until) as valid_until
    from numbered
    group by github_issue_id, level, level_number
),

-- since when an issue has been a deliverable, an epic or work, and when it was known to be no longer
levels as (
    select
        github_issue_id,
        level,
        known_from,
        valid_from,
        valid_until,
        coalesce(
            case when lead(valid_from) over by_issue = valid_until then lead(known_from) over by_issue end,
            valid_until
        ) as known_until
    from spans
    window by_issue as (partition by github_issue_id order by level_number)
),

-- one that was transferred is the same issue, on either end of a link
known_parents as (
    select
        parents.github_issue_id as github_known_issue_id,
        coalesce(moved.github_newest_issue_id, parents.github_issue_id) as github_issue_id,
        coalesce(moved_parents.github_newest_issue_id, parents.github_parent_issue_id)
            as github_parent_issue_id,
        parents.known_from,
        parents.known_until
    from {{ ref('stg_github__issue_parents') }} as parents
    left join {{ ref('int_issues_moved') }} as moved
        on parents.github_issue_id = moved.github_issue_id
    left join {{ ref('int_issues_moved') }} as moved_parents
        on parents.github_parent_issue_id = moved_parents.github_issue_id
    where not parents.is_deleted
),

-- what was above an issue when it was first seen is taken to have always been there
parents as (
    select
        github_issue_id,
        github_parent_issue_id,
        known_from,
        case
            when lag(known_from) over by_issue is null then '-infinity'
            else known_from
        end as valid_from,
        coalesce(
            case
                when lead(github_known_issue_id) over by_issue <> github_known_issue_id
                    then lead(known_from) over by_issue
                else known_until
            end,
            'infinity'
        ) as valid_until
    from known_parents
    window by_issue as (partition by github_issue_id order by known_from)
),

links as (
    select
        parents.github_issue_id,
        parents.github_parent_issue_id,
        levels.level,
        greatest(parents.known_from, levels.known_from) as known_from,
        least(parents.valid_until, levels.known_until) as known_until,
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
        greatest(roots.known_from, links.known_from) as known_from,
        least(roots.known_until, links.known_until) as known_until,
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
        least(walk.known_until, links.known_until) as known_until,
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
    known_from,
    nullif(known_until, 'infinity') as known_to
from walk
