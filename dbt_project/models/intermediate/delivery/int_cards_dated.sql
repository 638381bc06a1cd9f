with

boards as (
    select
        github_project_id,
        board_number,
        role,
        field_names
    from {{ ref('int_boards_configured') }}
    where github_project_id is not null
),

-- A status that was renamed is the same one: cards go by its newest name.
options as (
    select distinct on (fields.github_project_id, choice.id)
        fields.github_project_id,
        choice.id as github_option_id,
        choice.name
    from {{ ref('stg_github__project_fields') }} as fields
    cross join jsonb_to_recordset(fields.options) as choice (id text, name text)
    order by fields.github_project_id asc, choice.id asc, fields.known_from desc
),

-- a field's value under whatever name the field had then
read as (
    select
        boards.role,
        boards.board_number,
        items.github_project_id,
        items.github_item_id,
        coalesce(moved.github_newest_issue_id, items.github_issue_id) as github_issue_id,
        items.item_type,
        items.is_archived,
        {{ value_of_field('status') }} as status,
        {{ value_of_field('sprint') }} as sprint,
        {{ value_of_field('points') }} as points,
        {{ value_of_field('quad') }} ->> 'title' as quad,
        {{ value_of_field('pillar') }} ->> 'name' as pillar,
        items.created_at,
        items.updated_at,
        items.known_from,
        items.is_deleted,
        sum((items.is_deleted or items.item_type <> 'REDACTED')::integer) over by_card > 0 as was_seen
    from {{ ref('stg_github__project_items') }} as items
    inner join boards
        on items.github_project_id = boards.github_project_id
    left join {{ ref('int_issues_moved') }} as moved
        on items.github_issue_id = moved.github_issue_id
    window by_card as (partition by items.github_item_id order by items.known_from)
),

-- A card that we may see no more, since its repository was made private, is not gone: what it said holds on.
seen as (
    select
        *,
        lead(known_from) over (partition by github_item_id order by known_from) as known_until
    from read
    where item_type <> 'REDACTED' or is_deleted or not was_seen
),

numbered as (
    select
        seen.role,
        seen.board_number,
        seen.github_project_id,
        seen.github_item_id,
        seen.github_issue_id,
        seen.item_type,
        seen.is_archived,
        seen.quad,
        seen.pillar,
        seen.created_at,
        seen.updated_at,
        seen.known_from,
        seen.known_until,
        coalesce(options.name, seen.status ->> 'name') as status,
        (seen.status ->> 'updatedAt')::timestamptz as status_set_at,
        trim_scale((seen.points ->> 'number')::numeric) as points,
        coalesce(seen.points -> 'creator' ->> '__typename' = 'Bot', false) as is_pointed_by_bot,
        seen.sprint ->> 'iterationId' as github_iteration_id,
        seen.sprint ->> 'title' as sprint_title,
        to_date(seen.sprint ->> 'startDate', 'YYYY-MM-DD') as sprint_starts_on,
        (seen.sprint ->> 'duration')::bigint as sprint_day_count,
        (seen.sprint ->> 'updatedAt')::timestamptz as sprint_set_at,
        row_number() over by_card as version_number,
        -- the look before: where the version before ended, if the card was gone in between
        coalesce(
            nullif(lag(seen.known_until) over by_card, seen.known_from),
            lag(seen.known_from) over by_card
        ) as known_before
    from seen
    left join options
        on
            seen.github_project_id = options.github_project_id
            and seen.status ->> 'optionId' = options.github_option_id
    where not seen.is_deleted
    window by_card as (partition by seen.github_item_id order by seen.known_from)
),

-- The first version says of itself since when its card has been in its sprint. What was before is not known.
begun as (
    select
        *,
        case
            when known_before is null then least(greatest(created_at, sprint_set_at), known_from)
            else {{ changed_at('updated_at', 'known_before', 'known_from') }}
        end as valid_from
    from numbered
),

dated as (
    select
        *,
        coalesce(
            case when lead(known_from) over by_card = known_until then lead(valid_from) over by_card end,
            known_until,
            'infinity'
        ) as valid_until,
        case
            when known_before is null then least(greatest(created_at, status_set_at), known_from)
            when status_set_at > known_before and status_set_at <= known_from then status_set_at
            else valid_from
        end as status_from,
        max(coalesce(known_until, 'infinity')) over (partition by github_item_id) as gone_at
    from begun
    window by_card as (partition by github_item_id order by known_from)
),

-- Nobody knows in which status the first version's card was before somebody set this one.
spans as (
    select
        github_project_id,
        github_item_id,
        version_number,
        github_issue_id,
        item_type,
        board_number,
        role,
        is_archived,
        status,
        points,
        is_pointed_by_bot,
        github_iteration_id,
        sprint_title,
        sprint_starts_on,
        sprint_day_count,
        quad,
        pillar,
        created_at,
        status_set_at,
        status_from,
        case
            when version_number = 1 and status is not null then greatest(valid_from, status_from)
            else valid_from
        end as valid_from,
        valid_until,
        gone_at,
        known_from,
        known_until
    from dated
    union all
    select
        github_project_id,
        github_item_id,
        0::bigint as version_number,
        github_issue_id,
        item_type,
        board_number,
        role,
        is_archived,
        null::text as status,
        points,
        is_pointed_by_bot,
        github_iteration_id,
        sprint_title,
        sprint_starts_on,
        sprint_day_count,
        quad,
        pillar,
        created_at,
        null::timestamptz as status_set_at,
        valid_from as status_from,
        valid_from,
        status_from as valid_until,
        gone_at,
        known_from,
        known_until
    from dated
    where version_number = 1 and status is not null and status_from > valid_from
)

select * from spans
