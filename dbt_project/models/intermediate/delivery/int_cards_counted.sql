with

words as (
    {{ delivery_words() }}
),

versions as (
    select *
    from {{ ref('int_cards_dated') }}
    where role = 'sprint' and github_issue_id is not null
),

first_versions as (
    select distinct on (github_item_id)
        github_item_id,
        github_issue_id,
        board_number,
        created_at,
        gone_at
    from versions
    order by github_item_id, version_number
),

-- An issue on several boards counts on the one where it was put first, for as long as it is there.
ranked as (
    select
        github_item_id,
        coalesce(
            max(gone_at) over (
                partition by github_issue_id
                order by created_at, board_number, github_item_id
                rows between unbounded preceding and 1 preceding
            ),
            '-infinity'
        ) as counts_from
    from first_versions
),

cards as (
    select
        versions.github_project_id,
        versions.github_item_id,
        versions.github_issue_id,
        versions.is_archived,
        versions.status,
        versions.status_set_at,
        versions.points,
        versions.is_pointed_by_bot,
        sprints.starts_on as sprint_starts_on,
        versions.known_from,
        versions.valid_until,
        greatest(versions.valid_from, ranked.counts_from) as valid_from
    from versions
    inner join ranked
        on versions.github_item_id = ranked.github_item_id
    left join {{ ref('int_sprints_listed') }} as sprints
        on
            versions.github_project_id = sprints.github_project_id
            and versions.github_iteration_id = sprints.github_iteration_id
            and versions.sprint_title = sprints.spelled_title
            and versions.sprint_starts_on = sprints.spelled_starts_on
            and versions.sprint_day_count = sprints.spelled_day_count
),

-- what a card said while its issue was so
stated as (
    select
        cards.github_project_id,
        cards.github_item_id,
        cards.github_issue_id,
        cards.is_archived,
        cards.status,
        cards.points,
        cards.is_pointed_by_bot,
        cards.sprint_starts_on,
        issues.is_done as is_closed_done,
        issues.is_dropped,
        issues.is_done
        or (not issues.is_dropped and coalesce(lower(cards.status) = any(words.done_statuses), false))
            as is_done,
        case
            when issues.is_done then issues.closed_at
            when not issues.is_dropped and lower(cards.status) = any(words.done_statuses)
                then coalesce(cards.status_set_at, cards.known_from)
        end as own_done_at,
        words.time_zone,
        greatest(cards.valid_from, issues.valid_from) as valid_from,
        least(cards.valid_until, issues.valid_until) as valid_until,
        greatest(cards.known_from, issues.known_from) as known_from
    from cards
    inner join {{ ref('int_issues_stated') }} as issues
        on
            cards.github_issue_id = issues.github_issue_id
            and cards.valid_from < issues.valid_until
            and cards.valid_until > issues.valid_from
    cross join words
    where issues.level = 'work' and cards.valid_from < cards.valid_until
),

unbroken as (
    select
        *,
        count(*) filter (where not is_done) over by_card as break_count
    from stated
    window by_card as (partition by github_item_id order by valid_from)
),

-- done since the begin of the time in which it always was: a card stands in Done before its issue is closed
since as (
    select
        *,
        min(own_done_at) over by_break as done_at
    from unbroken
    window by_break as (partition by github_item_id, break_count order by valid_from)
),

-- Out of its sprint is what was closed as not planned, what was archived undone, and what was done before the
-- sprint began.
counted as (
    select
        github_project_id,
        github_item_id,
        github_issue_id,
        status,
        points,
        is_pointed_by_bot,
        case
            when
                not is_dropped
                and (is_done or not is_archived)
                and not (is_done and done_at < sprint_starts_on::timestamp at time zone time_zone)
                then sprint_starts_on
        end as sprint_starts_on,
        is_done,
        is_closed_done,
        is_dropped,
        done_at,
        valid_from,
        valid_until,
        {{ local_date('valid_from', 'time_zone') }} as first_on,
        {{ local_date('valid_until', 'time_zone') }} - 1 as last_on,
        known_from
    from since
)

select * from counted
