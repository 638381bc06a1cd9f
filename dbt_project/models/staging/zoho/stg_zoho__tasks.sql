with

versions as (
    {{ versions_of('zoho', 'tasks') }}
),

staged as (
    select
        content.id as zoho_task_id,
        content."What_Id" as zoho_related_id,
        content."Who_Id" as zoho_contact_id,
        content."Status" as status,
        content."Priority" as priority,
        (content."Due_Date")::date as due_on,
        {{ instant('content."Closed_Time"') }} as closed_at,
        content."Owner" as zoho_owner_id,
        {{ instant('content."Created_Time"') }} as created_at,
        {{ instant('content."Modified_Time"') }} as modified_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        id text,
        "What_Id" text,
        "Who_Id" text,
        "Status" text,
        "Priority" text,
        "Due_Date" text,
        "Closed_Time" text,
        "Owner" text,
        "Created_Time" text,
        "Modified_Time" text
    )
)

select * from staged
