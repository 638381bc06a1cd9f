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

-- the newest project of that number, whether it is still there or not; a person is known by a pseudonym
projects as (
    select distinct on (entries.owner, entries.number)
        entries.owner,
        entries.number,
        projects.github_project_id,
        projects.title,
        projects.is_closed,
        projects.known_until is null and not projects.is_deleted as is_present
    from entries
    inner join {{ ref('stg_github__projects') }} as projects
        on
            entries.number = projects.project_number
            and (
                lower(entries.owner) = lower(projects.owner_name)
                or {{ person_id('entries.owner') }} = projects.owner_pseudonym
            )
    order by
        entries.owner asc,
        entries.number asc,
        (projects.known_until is null and not projects.is_deleted) desc,
        projects.known_from desc
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
-- of the configured name ever had.
called as (
    select
        wanted.owner,
        wanted.number,
        wanted.kind,
        others.field as name,
        lower(others.field) = lower(wanted.field) as is_configured,
        bool_or(others.is_present) as is_present
    from wanted
    inner join projects
        on wanted.owner = projects.owner and wanted.number = projects.number
    inner join fields as found
        on
            projects.github_project_id = found.github_project_id
            and lower(wanted.field) = lower(found.field)
            and wanted.data_type = found.data_type
    inner join fields as others
        on
            found.github_project_id = others.github_project_id
            and found.github_field_id = others.github_field_id
    group by wanted.owner, wanted.number, wanted.kind, others.field, wanted.field
),

-- The configured one first: another field may bear it by now, beside one that bore it before.
spelled as (
    select
        owner,
        number,
        kind,
        array_agg(name order by is_configured desc, name asc) as names,
        coalesce(bool_or(is_present) filter (where is_configured), false) as is_present
    from called
    group by owner, number, kind
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
        on wanted.owner = projects.owner and wanted.number = projects.number
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
        on entries.owner = projects.owner and entries.number = projects.number
    left join names
        on entries.owner = names.owner and entries.number = names.number
    left join missing
        on entries.owner = missing.owner and entries.number = missing.number
    left join looks
        on projects.github_project_id = looks.github_project_id
)

select * from configured
