-- Each mart against what was staged, counted without the mart's own joins: one that lost a row, or doubled
-- one, shows here. Marts that count or choose rows (billed_commits, billable_authors, repository_weeks) are
-- worked out a second way by tests of their own.
with

newest as (
    select
        repositories,
        groups,
        valid_until
    from {{ ref('stg_portfolio__portfolio') }}
    where is_newest
),

counts as (
    select
        'commits' as mart,
        (select count(*) from {{ ref('int_commits_observed') }}) as expected_count,
        (select count(*) from {{ ref('commits') }}) as row_count
    union all
    select
        'repositories' as mart,
        (select coalesce(sum(jsonb_array_length(newest.repositories)), 0) from newest) as expected_count,
        (select count(*) from {{ ref('repositories') }}) as row_count
    union all
    select
        'group_terms' as mart,
        (select coalesce(sum(jsonb_array_length(newest.groups)), 0) from newest) as expected_count,
        (
            select count(*)
            from {{ ref('group_terms') }} as terms
            where terms.valid_until is not distinct from (select newest.valid_until from newest)
        ) as row_count
    union all
    select
        'billing_settings' as mart,
        (select count(*) from newest) as expected_count,
        (select count(*) from {{ ref('billing_settings') }}) as row_count
)

select * from counts
where expected_count <> row_count
