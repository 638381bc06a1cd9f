with

accounts as (
    {{ zoho_records('Accounts', 'zoho_account_id') }}
),

users as (
    select * from {{ ref('stg_zoho__users') }}
    where known_until is null
)

select
    accounts.zoho_account_id,
    accounts.account_name,
    bridge.organization_name,
    bridge.organization_name is not null as is_matched,
    accounts.website,
    accounts.industry,
    accounts.country,
    accounts.annual_revenue_amount,
    users.person_pseudonym as owner_pseudonym,
    accounts.created_at,
    accounts.modified_at,
    accounts.is_gone
from accounts
left join users on accounts.zoho_owner_id = users.zoho_user_id
left join {{ ref('customer_bridge') }} as bridge
    on bridge.source_name = 'zoho' and accounts.zoho_account_id = bridge.vendor_id
