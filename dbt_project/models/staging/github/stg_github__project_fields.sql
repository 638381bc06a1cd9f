with

versions as (
    {{ versions_of('github', 'project_fields') }}
),

staged as (
    select
        content.project_id as github_project_id,
        content.id as github_field_id,
        content.name as field,
        content."dataType" as data_type,
        coalesce(content.options, '[]') as options,
        coalesce(content.configuration -> 'completedIterations', '[]')
        || coalesce(content.configuration -> 'iterations', '[]') as iterations,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        project_id text,
        id text,
        name text,
        "dataType" text,
        options jsonb,
        configuration jsonb
    )
)

select * from staged
