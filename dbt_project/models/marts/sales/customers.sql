with

accounts as (
    select * from {{ ref('customer_accounts') }}
    where not is_gone
),

organizations as (
    select distinct organization_name from {{ ref('int_repositories_owned') }}
    where is_newest
),

deals as (
    select
        zoho_account_id,
        count(*) filter (where outcome = 'open') as open_deal_count,
        count(*) filter (where outcome = 'won') as won_deal_count
    from {{ ref('deals') }}
    where not is_gone
    group by zoho_account_id
),

activities as (
    select
        zoho_account_id,
        max(happened_at) as last_activity_at
    from {{ ref('sales_activities') }}
    group by zoho_account_id
)

select
    coalesce(accounts.zoho_account_id, '') as zoho_account_id,
    coalesce(organizations.organization_name, accounts.organization_name, '') as organization_name,
    accounts.account_name,
    case
        when accounts.zoho_account_id is null then 'organization without account'
        when organizations.organization_name is not null then 'matched'
        when accounts.is_matched then 'organization unknown'
        else 'account without organization'
    end as matching,
    coalesce(deals.open_deal_count, 0) as open_deal_count,
    coalesce(deals.won_deal_count, 0) as won_deal_count,
    activities.last_activity_at
from accounts
full join organizations on accounts.organization_name = organizations.organization_name
left join deals on accounts.zoho_account_id = deals.zoho_account_id
left join activities on accounts.zoho_account_id = activities.zoho_account_id
