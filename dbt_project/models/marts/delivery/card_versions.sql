with

sprints as (
    select * from {{ ref('int_sprints_listed') }}
),

versions as (
    select
        cards.*,
        sprints.sprint_title as listed_title,
        sprints.starts_on
    from {{ ref('int_cards_dated') }} as cards
    left join sprints
        on
            cards.github_project_id = sprints.github_project_id
            and cards.github_iteration_id = sprints.github_iteration_id
            and cards.sprint_title = sprints.spelled_title
            and cards.sprint_starts_on = sprints.spelled_starts_on
            and cards.sprint_day_count = sprints.spelled_day_count
)

select
    github_item_id,
    version_number,
    github_project_id,
    board_number,
    role,
    item_type,
    github_issue_id,
    is_archived,
    status,
    points,
    is_pointed_by_bot,
    coalesce(listed_title, sprint_title) as sprint_title,
    coalesce(starts_on, sprint_starts_on) as starts_on,
    quad,
    pillar,
    valid_from,
    nullif(valid_until, 'infinity') as valid_until,
    known_from,
    known_until as known_to
from versions
