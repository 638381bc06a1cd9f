with

came as (
    select
        github_next_issue_id as github_issue_id,
        max(moved_at) as moved_at
    from {{ ref('int_issues_moved') }}
    group by github_next_issue_id
),

-- One that was transferred is the same issue, and begins where it was known under its former number.
followed as (
    select
        coalesce(moved.github_newest_issue_id, issues.github_issue_id) as github_issue_id,
        issues.level,
        issues.is_done,
        issues.is_dropped,
        issues.closed_at,
        issues.known_from,
        greatest(issues.valid_from, came.moved_at) as valid_from,
        case
            when issues.version_number = moved.last_version_number then moved.moved_at
            else least(issues.valid_until, moved.moved_at)
        end as valid_until
    from {{ ref('int_issues_dated') }} as issues
    left join {{ ref('int_issues_moved') }} as moved
        on issues.github_issue_id = moved.github_issue_id
    left join came
        on issues.github_issue_id = came.github_issue_id
),

versions as (
    select *
    from followed
    where valid_from < valid_until
),

-- most versions of an issue change nothing that counts: one row for as long as it is the same
compared as (
    select
        *,
        coalesce(
            level = lag(level) over by_issue
            and is_done = lag(is_done) over by_issue
            and is_dropped = lag(is_dropped) over by_issue
            and closed_at is not distinct from lag(closed_at) over by_issue
            and valid_from = lag(valid_until) over by_issue,
            false
        ) as is_same
    from versions
    window by_issue as (partition by github_issue_id order by valid_from)
),

numbered as (
    select
        *,
        count(*) filter (where not is_same) over (
            partition by github_issue_id order by valid_from
        ) as span_number
    from compared
),

stated as (
    select
        github_issue_id,
        span_number,
        level,
        is_done,
        is_dropped,
        closed_at,
        min(valid_from) as valid_from,
        max(valid_until) as valid_until,
        min(known_from) as known_from
    from numbered
    group by
        github_issue_id,
        span_number,
        level,
        is_done,
        is_dropped,
        closed_at
)

select * from stated
