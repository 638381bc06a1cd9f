with

versions as (
    {{ versions_of('timedoctor', 'tasks') }}
),

staged as (
    select
        content.company_id as timedoctor_company_id,
        content.id as timedoctor_task_id,
        {{ without_people('content.name') }} as task_name,
        content.project ->> 'id' as timedoctor_project_id,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        company_id text,
        id text,
        name text,
        project jsonb
    )
)

select * from staged
