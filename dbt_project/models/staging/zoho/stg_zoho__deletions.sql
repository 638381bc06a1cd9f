with

versions as (
    {{ versions_of('zoho', 'deletions') }}
),

staged as (
    select
        content.module as module_name,
        content.id as zoho_record_id,
        content.type as deletion_type,
        {{ instant('content.deleted_time') }} as deleted_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        module text,
        id text,
        type text,
        deleted_time text
    )
)

select * from staged
