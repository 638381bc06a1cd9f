{#- Amounts are in the currency that the organization pays in: a deal in another is counted, not added. A deal
    that nobody saw close did so when sales says, and no later than it last changed. -#}
with

settings as (
    select
        rule,
        time_zone
    from {{ ref('billing_settings') }}
),

-- an organization pays in one currency
currencies as (
    select
        organization_name,
        min(currency) as currency
    from {{ ref('group_terms') }}
    where valid_until is null
    group by organization_name
),

authors as (
    select
        authors.organization_name,
        authors.month_on,
        count(distinct authors.author_email) as author_count
    from {{ ref('billable_authors') }} as authors
    inner join settings on authors.rule = settings.rule
    group by authors.organization_name, authors.month_on
),

hours as (
    select
        bridge.organization_name,
        date_trunc('month', work_days.worked_on)::date as month_on,
        sum(work_days.worked_seconds)::bigint as worked_seconds,
        count(distinct work_days.person_pseudonym) as person_count
    from {{ ref('work_days') }} as work_days
    inner join {{ ref('customer_bridge') }} as bridge
        on bridge.source_name = 'timedoctor' and work_days.timedoctor_project_id = bridge.vendor_id
    group by bridge.organization_name, date_trunc('month', work_days.worked_on)::date
),

won_deals as (
    select
        deals.*,
        coalesce(
            {{ month_on('deals.closed_at', 'settings.time_zone') }},
            date_trunc(
                'month', least(deals.closing_on, {{ local_date('deals.modified_at', 'settings.time_zone') }})
            )::date
        ) as month_on,
        coalesce(
            coalesce(deals.currency, currencies.currency) = currencies.currency, false
        ) as is_in_its_currency
    from {{ ref('deals') }} as deals
    cross join settings
    left join currencies on deals.organization_name = currencies.organization_name
    where deals.outcome = 'won' and not deals.is_gone and deals.organization_name is not null
),

won as (
    select
        deals.organization_name,
        deals.month_on,
        count(*) as won_deal_count,
        count(*) filter (
            where deals.deal_amount is null or not deals.is_in_its_currency
        ) as other_deal_count,
        coalesce(sum(deals.deal_amount) filter (where deals.is_in_its_currency), 0) as won_amount
    from won_deals as deals
    group by deals.organization_name, deals.month_on
),

months as (
    select
        organization_name,
        month_on
    from authors
    union distinct
    select
        organization_name,
        month_on
    from hours
    union distinct
    select
        organization_name,
        month_on
    from won
)

select
    months.organization_name,
    months.month_on,
    currencies.currency,
    coalesce(won.won_amount, 0) as won_amount,
    coalesce(won.won_deal_count, 0) as won_deal_count,
    coalesce(won.other_deal_count, 0) as other_deal_count,
    coalesce(hours.worked_seconds, 0) as worked_seconds,
    coalesce(hours.person_count, 0) as person_count,
    coalesce(authors.author_count, 0) as author_count
from months
left join currencies on months.organization_name = currencies.organization_name
left join won on months.organization_name = won.organization_name and months.month_on = won.month_on
left join hours on months.organization_name = hours.organization_name and months.month_on = hours.month_on
left join authors
    on months.organization_name = authors.organization_name and months.month_on = authors.month_on
