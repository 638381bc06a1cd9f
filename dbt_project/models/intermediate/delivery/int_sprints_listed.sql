with

boards as (
    select
        github_project_id,
        field_names
    from {{ ref('int_boards_configured') }}
    where github_project_id is not null and role = 'sprint'
),

-- all that the board's own field ever said of sprints
told as (
    select
        fields.github_project_id,
        fields.field,
        fields.known_from,
        fields.known_until is null and not fields.is_deleted as is_newest,
        iteration.id as github_iteration_id,
        iteration.title as sprint_title,
        to_date(iteration."startDate", 'YYYY-MM-DD') as sprint_starts_on,
        iteration.duration as sprint_day_count
    from {{ ref('stg_github__project_fields') }} as fields
    inner join boards
        on
            fields.github_project_id = boards.github_project_id
            and boards.field_names -> 'sprint' ? fields.field
    cross join
        jsonb_to_recordset(fields.iterations)
            as iteration (
                id text,
                title text,
                "startDate" text,
                duration bigint
            )
    where fields.data_type = 'ITERATION'
),

-- its newest word on what its sprints are
listed as (
    select distinct on (github_project_id, sprint_starts_on)
        github_project_id,
        github_iteration_id,
        sprint_title,
        sprint_starts_on,
        sprint_day_count
    from told
    where is_newest
    order by github_project_id, sprint_starts_on, field, github_iteration_id
),

-- every way in which a card ever named a sprint
spelled as (
    select distinct
        github_project_id,
        github_iteration_id,
        sprint_title,
        sprint_starts_on,
        sprint_day_count
    from {{ ref('int_cards_dated') }}
    where role = 'sprint' and github_iteration_id is not null
    union
    select
        github_project_id,
        github_iteration_id,
        sprint_title,
        sprint_starts_on,
        sprint_day_count
    from listed
),

-- titles that stand for one sprint only, and since when they do
titled as (
    select
        listed.github_project_id,
        listed.sprint_title,
        min(listed.sprint_starts_on) as sprint_starts_on,
        (min(told.known_from) at time zone 'UTC')::date as told_on
    from listed
    inner join told
        on
            listed.github_project_id = told.github_project_id
            and listed.sprint_title = told.sprint_title
            and listed.sprint_starts_on = told.sprint_starts_on
    group by listed.github_project_id, listed.sprint_title
    having count(distinct listed.sprint_starts_on) = 1
),

-- Whoever edits the field gives every sprint another id, and may move or rename it: the same id is the same
-- sprint, else the same title, else the same first day. What was over when its title was given to other days
-- is another sprint. What the field has forgotten is what its cards said.
matched as (
    select
        spelled.*,
        coalesce(
            by_id.sprint_starts_on,
            titled.sprint_starts_on,
            spelled.sprint_starts_on
        ) as starts_on
    from spelled
    left join listed as by_id
        on
            spelled.github_project_id = by_id.github_project_id
            and spelled.github_iteration_id = by_id.github_iteration_id
    left join titled
        on
            spelled.github_project_id = titled.github_project_id
            and spelled.sprint_title = titled.sprint_title
            and spelled.sprint_starts_on + spelled.sprint_day_count::integer
            > least(titled.sprint_starts_on, titled.told_on)
),

forgotten as (
    select distinct on (github_project_id, starts_on)
        github_project_id,
        starts_on,
        sprint_title,
        sprint_day_count
    from matched
    order by github_project_id asc, starts_on asc, sprint_day_count desc, sprint_title asc
)

select
    matched.github_project_id,
    matched.github_iteration_id,
    matched.sprint_title as spelled_title,
    matched.sprint_starts_on as spelled_starts_on,
    matched.sprint_day_count as spelled_day_count,
    coalesce(listed.sprint_title, forgotten.sprint_title) as sprint_title,
    matched.starts_on,
    matched.starts_on + coalesce(listed.sprint_day_count, forgotten.sprint_day_count)::integer - 1 as ends_on
from matched
inner join forgotten
    on
        matched.github_project_id = forgotten.github_project_id
        and matched.starts_on = forgotten.starts_on
left join listed
    on
        matched.github_project_id = listed.github_project_id
        and matched.starts_on = listed.sprint_starts_on
