with

deals as (
    {{ zoho_records('Deals', 'zoho_deal_id') }}
),

users as (
    select * from {{ ref('stg_zoho__users') }}
    where known_until is null
),

closings as (
    select
        zoho_deal_id,
        max(entered_at) as closed_at
    from {{ ref('deal_stages') }}
    where is_last and outcome <> 'open' and is_begin_known
    group by zoho_deal_id
)

select
    deals.zoho_deal_id,
    deals.deal_name,
    deals.zoho_account_id,
    accounts.account_name,
    accounts.organization_name,
    deals.zoho_contact_id,
    users.person_pseudonym as owner_pseudonym,
    deals.stage,
    {{ deal_outcome('deals.stage') }} as outcome,
    deals.deal_amount,
    deals.currency,
    deals.probability_percent,
    deals.closing_on,
    deals.lead_source,
    deals.deal_type,
    deals.created_at,
    deals.modified_at,
    closings.closed_at,
    extract(epoch from date_trunc('second', closings.closed_at - deals.created_at))::bigint as cycle_seconds,
    deals.is_gone
from deals
left join {{ ref('customer_accounts') }} as accounts on deals.zoho_account_id = accounts.zoho_account_id
left join users on deals.zoho_owner_id = users.zoho_user_id
left join closings on deals.zoho_deal_id = closings.zoho_deal_id
