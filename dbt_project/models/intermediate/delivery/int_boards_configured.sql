with

words as (
    {{ delivery_words() }}
),

entries as (
    select board.*
    from words
    cross join jsonb_to_recordset(words.boards) as board (
        owner text,
        number bigint,
        role text,
        status_field text,
        sprint_field text,
        points_field text,
        quad_field text,
        pillar_field text
    )
),

-- the newest project of that number, whether it is still there or not
projects as (
    select distinct on (lower(owner_name), project_number)
        lower(owner_name) as owner_key,
        project_number,
        github_project_id,
        title,
        is_closed,
        known_until is null and not is_deleted as is_present
    from {{ ref('stg_github__projects') }}
    where owner_name is not null
    order by
        lower(owner_name) asc,
        project_number asc,
        (known_until is null and not is_deleted) desc,
        known_from desc
),

fields as (
    select
        github_project_id,
        github_field_id,
        field,
        data_type,
        known_until is null and not is_deleted as is_present
    from {{ ref('stg_github__project_fields') }}
),

wanted as (
    select
        entries.owner,
        entries.number,
        kind.name as kind,
        kind.field,
        kind.data_type
    from entries
    cross join
        lateral (
            values
            ('status', entries.status_field, 'SINGLE_SELECT'),
            ('sprint', entries.sprint_field, 'ITERATION'),
            ('points', entries.points_field, 'NUMBER'),
            ('quad', entries.quad_field, 'ITERATION'),
            ('pillar', entries.pillar_field, 'SINGLE_SELECT')
        ) as kind (name, field, data_type)
    where kind.field is not null
),

-- A field keeps its id when it is renamed, and values go by the name of their time: every name that a field
-- of the configured name ever had, the configured one first.
spelled as (
    select
        wanted.owner,
        wanted.number,
        wanted.kind,
        array_agg(distinct others.field) as names,
        bool_or(others.is_present and lower(others.field) = lower(wanted.field)) as is_present
    from wanted
    inner join projects
        on lower(wanted.owner) = projects.owner_key and wanted.number = projects.project_number
    inner join fields as called
        on
            projects.github_project_id = called.github_project_id
            and lower(wanted.field) = lower(called.field)
            and wanted.data_type = called.data_type
    inner join fields as others
        on
            called.github_project_id = others.github_project_id
            and called.github_field_id = others.github_field_id
    group by wanted.owner, wanted.number, wanted.kind
),

missing as (
    select
        wanted.owner,
        wanted.number,
        string_agg(
            format(
                'It has no field "%s" of type %s; it has %s.',
                wanted.field,
                lower(replace(wanted.data_type, '_', ' ')),
                coalesce(
                    (
                        select string_agg('"' || fields.field || '"', ', ' order by fields.field)
                        from fields
                        where
                            fields.github_project_id = projects.github_project_id
                            and fields.data_type = wanted.data_type
                            and fields.is_present
                    ),
                    'none'
                )
            ),
            ' '
            order by wanted.kind
        ) as problem
    from wanted
    inner join projects
        on lower(wanted.owner) = projects.owner_key and wanted.number = projects.project_number
    left join spelled
        on
            wanted.owner = spelled.owner
            and wanted.number = spelled.number
            and wanted.kind = spelled.kind
    where not coalesce(spelled.is_present, false)
    group by wanted.owner, wanted.number
),

names as (
    select
        owner,
        number,
        jsonb_object_agg(kind, to_jsonb(names)) as names
    from spelled
    group by owner, number
),

-- the days on which the board's cards were looked at
looks as (
    select
        loads.scope ->> 'project_id' as github_project_id,
        min(loads.extracted_until) as looked_since
    from {{ ref('stg_landing__loads') }} as loads
    where loads.source_name = 'github' and loads.stream_name = 'project_items'
    group by loads.scope ->> 'project_id'
),

configured as (
    select
        entries.owner as owner_name,
        entries.number as board_number,
        entries.role,
        projects.github_project_id,
        projects.title,
        coalesce(names.names, '{}') as field_names,
        looks.looked_since,
        case
            when projects.github_project_id is null
                then format(
                    'No board %s of %s has been read. See its number, and whether the token may see it.',
                    entries.number,
                    entries.owner
                )
            when not projects.is_present then 'GitHub shows it no more.'
            when missing.problem is not null then missing.problem
            when looks.github_project_id is null then 'Its cards have not been read yet.'
        end as problem
    from entries
    left join projects
        on lower(entries.owner) = projects.owner_key and entries.number = projects.project_number
    left join names
        on entries.owner = names.owner and entries.number = names.number
    left join missing
        on entries.owner = missing.owner and entries.number = missing.number
    left join looks
        on projects.github_project_id = looks.github_project_id
)

select * from configured
