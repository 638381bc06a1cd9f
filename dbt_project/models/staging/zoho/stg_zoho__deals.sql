with

versions as (
    {{ versions_of('zoho', 'deals') }}
),

staged as (
    select
        content.id as zoho_deal_id,
        {{ without_people('content."Deal_Name"') }} as deal_name,
        content."Account_Name" as zoho_account_id,
        content."Contact_Name" as zoho_contact_id,
        content."Stage" as stage,
        content."Amount"::numeric as deal_amount,
        content."Currency" as currency,
        content."Probability"::numeric as probability_percent,
        (content."Closing_Date")::date as closing_on,
        content."Lead_Source" as lead_source,
        content."Type" as deal_type,
        content."Owner" as zoho_owner_id,
        {{ instant('content."Created_Time"') }} as created_at,
        {{ instant('content."Modified_Time"') }} as modified_at,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        id text,
        "Deal_Name" text,
        "Account_Name" text,
        "Contact_Name" text,
        "Stage" text,
        "Amount" text,
        "Currency" text,
        "Probability" text,
        "Closing_Date" text,
        "Lead_Source" text,
        "Type" text,
        "Owner" text,
        "Created_Time" text,
        "Modified_Time" text
    )
)

select * from staged
