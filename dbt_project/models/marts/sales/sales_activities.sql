with

tasks as (
    {{ zoho_records('Tasks', 'zoho_task_id') }}
),

calls as (
    {{ zoho_records('Calls', 'zoho_call_id') }}
),

activities as (
    select
        'task' as kind,
        zoho_task_id as zoho_activity_id,
        zoho_related_id,
        zoho_contact_id,
        zoho_owner_id,
        status,
        coalesce(closed_at, created_at) as happened_at,
        closed_at is not null as is_done,
        null::bigint as duration_seconds,
        created_at
    from tasks
    where not is_gone
    union all
    select
        'call' as kind,
        zoho_call_id as zoho_activity_id,
        zoho_related_id,
        zoho_contact_id,
        zoho_owner_id,
        call_type as status,
        -- one that is planned has not happened
        case when started_at <= known_from then started_at else created_at end as happened_at,
        coalesce(started_at <= known_from, true) as is_done,
        duration_seconds,
        created_at
    from calls
    where not is_gone
),

users as (
    select * from {{ ref('stg_zoho__users') }}
    where known_until is null
)

select
    activities.kind,
    activities.zoho_activity_id,
    deals.zoho_deal_id,
    coalesce(deals.zoho_account_id, accounts.zoho_account_id) as zoho_account_id,
    coalesce(deals.organization_name, accounts.organization_name) as organization_name,
    activities.zoho_contact_id,
    users.person_pseudonym as owner_pseudonym,
    activities.status,
    activities.happened_at,
    activities.is_done,
    activities.duration_seconds,
    activities.created_at
from activities
left join {{ ref('deals') }} as deals on activities.zoho_related_id = deals.zoho_deal_id
left join {{ ref('customer_accounts') }} as accounts on activities.zoho_related_id = accounts.zoho_account_id
left join users on activities.zoho_owner_id = users.zoho_user_id
