with

versions as (
    {{ versions_of('zoho', 'calls') }}
),

staged as (
    select
        content.id as zoho_call_id,
        content."What_Id" as zoho_related_id,
        content."Who_Id" as zoho_contact_id,
        content."Call_Type" as call_type,
        {{ instant('content."Call_Start_Time"') }} as started_at,
        content."Call_Duration_in_seconds"::bigint as duration_seconds,
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
        "Call_Type" text,
        "Call_Start_Time" text,
        "Call_Duration_in_seconds" text,
        "Owner" text,
        "Created_Time" text,
        "Modified_Time" text
    )
)

select * from staged
