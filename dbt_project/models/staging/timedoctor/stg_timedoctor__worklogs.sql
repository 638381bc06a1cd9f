with

versions as (
    {{ versions_of('timedoctor', 'worklogs') }}
),

staged as (
    select
        content.company_id as timedoctor_company_id,
        content.day as day_on,
        content.user_id as timedoctor_user_id,
        content.device_id as timedoctor_device_id,
        {{ instant('content.started_at') }} as started_at,
        lower(content.mode) as work_mode,
        content.task_id as timedoctor_task_id,
        content.occurrence as occurrence_number,
        round(content.time)::bigint as duration_seconds,
        {{ without_people('content."taskName"') }} as task_name,
        content."projectId" as timedoctor_project_id,
        {{ without_people('content."projectName"') }} as project_name,
        content.imported_from is not null as is_imported,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        company_id text,
        day date,
        user_id text,
        device_id text,
        started_at text,
        mode text,
        task_id text,
        occurrence bigint,
        "time" numeric,
        "taskName" text,
        "projectId" text,
        "projectName" text,
        imported_from text
    )
)

select * from staged
