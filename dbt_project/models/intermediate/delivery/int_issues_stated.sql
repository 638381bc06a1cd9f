with

versions as (
    select
        github_repository_id,
        github_issue_id,
        level,
        is_done,
        is_dropped,
        closed_at,
        valid_from,
        valid_until,
        known_from
    from {{ ref('int_issues_dated') }}
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
        github_repository_id,
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
        github_repository_id,
        github_issue_id,
        span_number,
        level,
        is_done,
        is_dropped,
        closed_at
)

select * from stated
