with

words as (
    {{ delivery_words() }}
),

versions as (
    select *
    from {{ ref('int_cards_dated') }}
    where github_issue_id is not null and valid_from < valid_until
),

compared as (
    select
        *,
        coalesce(
            status is not distinct from lag(status) over by_card
            and github_issue_id = lag(github_issue_id) over by_card
            and valid_from = lag(valid_until) over by_card,
            false
        ) as is_same
    from versions
    window by_card as (partition by github_item_id order by valid_from)
),

numbered as (
    select
        *,
        count(*) filter (where not is_same) over (
            partition by github_item_id order by valid_from
        ) as interval_number
    from compared
),

intervals as (
    select
        github_item_id,
        interval_number,
        github_project_id,
        board_number,
        role,
        github_issue_id,
        status,
        min(status_from) as entered_at,
        max(valid_until) as valid_until,
        min(known_from) as known_from,
        case when count(known_until) = count(*) then max(known_until) end as known_to
    from numbered
    group by github_item_id, interval_number, github_project_id, board_number, role, github_issue_id, status
),

-- where one status ended, the next one began
followed as (
    select
        *,
        least(
            lead(entered_at) over (partition by github_item_id order by interval_number),
            nullif(valid_until, 'infinity')
        ) as left_at
    from intervals
)

select
    followed.github_item_id,
    followed.interval_number,
    followed.github_project_id,
    followed.board_number,
    followed.role,
    followed.github_issue_id,
    followed.status,
    coalesce(lower(followed.status) = any(words.started_statuses), false) as is_started,
    followed.entered_at,
    followed.left_at,
    case
        when followed.left_at >= followed.entered_at
            then extract(epoch from date_trunc('second', followed.left_at - followed.entered_at))
        when followed.left_at < followed.entered_at then 0
    end::bigint as duration_seconds,
    followed.known_from,
    followed.known_to
from followed
cross join words
where followed.status is not null
