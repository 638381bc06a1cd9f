with

words as (
    {{ delivery_words() }}
),

sprints as (
    select distinct
        github_project_id,
        starts_on,
        ends_on,
        sprint_title
    from {{ ref('int_sprints_listed') }}
),

bounded as (
    select
        sprints.github_project_id,
        sprints.starts_on,
        sprints.ends_on,
        sprints.sprint_title,
        boards.owner_name,
        boards.board_number,
        boards.title as board_title,
        sprints.starts_on::timestamp at time zone words.time_zone as begins_at,
        (sprints.ends_on + 1)::timestamp at time zone words.time_zone as ends_at,
        greatest(sprints.starts_on, least(sprints.ends_on, words.as_of_on)) as judged_on,
        case
            when words.as_of_on < sprints.starts_on then 'coming'
            when words.as_of_on <= sprints.ends_on then 'running'
            else 'ended'
        end as phase,
        words.as_of_on
    from sprints
    inner join {{ ref('int_boards_configured') }} as boards
        on sprints.github_project_id = boards.github_project_id
    cross join words
)

select * from bounded
