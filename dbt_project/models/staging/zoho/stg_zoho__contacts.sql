with

versions as (
    {{ versions_of('zoho', 'contacts') }}
),

staged as (
    select
        content.id as zoho_contact_id,
        content."Account_Name" as zoho_account_id,
        {{ person_id('content."Email"') }} as person_pseudonym,
        content."Lead_Source" as lead_source,
        content."Owner" as zoho_owner_id,
        {{ instant('content."Created_Time"') }} as created_at,
        {{ instant('content."Modified_Time"') }} as modified_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        id text,
        "Account_Name" text,
        "Email" text,
        "Lead_Source" text,
        "Owner" text,
        "Created_Time" text,
        "Modified_Time" text
    )
)

select * from staged
