with

-- a version that was replaced within the same instant was never in force
versions as (
    select
        valid_from,
        valid_until,
        prices,
        groups,
        row_number() over (order by version_number) as step
    from {{ ref('stg_portfolio__portfolio') }}
    where valid_until is null or valid_from < valid_until
),

plans as (
    select
        versions.*,
        entry.organization as organization_name,
        entry."group" as group_name,
        entry.plan
    from versions
    cross join jsonb_to_recordset(versions.groups) as entry (
        organization text,
        "group" text,
        plan text
    )
),

prices as (
    select
        versions.step,
        price.*
    from versions
    cross join jsonb_to_recordset(versions.prices) as price (
        plan text,
        author numeric,
        base numeric,
        currency text
    )
),

terms as (
    select
        plans.step,
        plans.valid_from,
        plans.valid_until,
        plans.organization_name,
        plans.group_name,
        plans.plan,
        prices.author as author_amount,
        prices.base as base_amount,
        prices.currency
    from plans
    left join prices
        on
            plans.step = prices.step
            and plans.plan = prices.plan
),

compared as (
    select
        *,
        lag(step) over history = step - 1
        and lag(valid_until) over history = valid_from
        and lag(row(plan, author_amount, base_amount, currency)) over history
        = row(plan, author_amount, base_amount, currency) as is_unchanged
    from terms
    window history as (
        partition by organization_name, group_name
        order by step
    )
),

numbered as (
    select
        *,
        count(*) filter (where is_unchanged is not true) over (
            partition by organization_name, group_name
            order by step
        ) as span_number
    from compared
),

spans as (
    select
        organization_name,
        group_name,
        (array_agg(plan order by step))[1] as plan,
        (array_agg(author_amount order by step))[1] as author_amount,
        (array_agg(base_amount order by step))[1] as base_amount,
        (array_agg(currency order by step))[1] as currency,
        min(valid_from) as valid_from,
        (array_agg(valid_until order by step desc))[1] as valid_until
    from numbered
    group by organization_name, group_name, span_number
)

select * from spans
