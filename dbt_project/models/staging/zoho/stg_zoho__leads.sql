with

versions as (
    {{ versions_of('zoho', 'leads') }}
),

staged as (
    select
        content.id as zoho_lead_id,
        {{ without_people('content."Company"') }} as company_name,
        {{ person_id('content."Email"') }} as person_pseudonym,
        content."Industry" as industry,
        content."Lead_Source" as lead_source,
        content."Lead_Status" as status,
        content."Owner" as zoho_owner_id,
        {{ instant('content."Created_Time"') }} as created_at,
        {{ instant('content."Modified_Time"') }} as modified_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        id text,
        "Company" text,
        "Email" text,
        "Industry" text,
        "Lead_Source" text,
        "Lead_Status" text,
        "Owner" text,
        "Created_Time" text,
        "Modified_Time" text
    )
)

select * from staged
