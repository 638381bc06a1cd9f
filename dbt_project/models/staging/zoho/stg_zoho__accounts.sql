with

versions as (
    {{ versions_of('zoho', 'accounts') }}
),

staged as (
    select
        content.id as zoho_account_id,
        {{ without_people('content."Account_Name"') }} as account_name,
        content."Website" as website,
        content."Industry" as industry,
        content."Annual_Revenue"::numeric as annual_revenue_amount,
        content."Billing_Country" as country,
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
        "Website" text,
        "Industry" text,
        "Annual_Revenue" text,
        "Billing_Country" text,
        "Owner" text,
        "Created_Time" text,
        "Modified_Time" text
    )
)

select * from staged
