-- Deals counted a second way, without the marts' joins: what is staged and open is in the pipeline, to the
-- cent, and every deal's last stage is the one that it has.
with

staged as (
    {{ zoho_records('Deals', 'zoho_deal_id') }}
),

staged_counts as (
    select
        count(*) as deal_count,
        coalesce(
            sum(deal_amount) filter (where {{ deal_outcome('stage') }} = 'open' and not is_gone), 0
        ) as open_amount
    from staged
),

deal_counts as (
    select count(*) as deal_count
    from {{ ref('deals') }} as deals
    inner join {{ ref('deal_stages') }} as stages
        on
            deals.zoho_deal_id = stages.zoho_deal_id
            and stages.is_last
            and deals.stage is not distinct from stages.stage
),

pipeline_sums as (
    select coalesce(sum(deal_amount), 0) as open_amount from {{ ref('pipeline') }}
)

select staged_counts.*
from staged_counts
cross join deal_counts
cross join pipeline_sums
where
    staged_counts.deal_count <> deal_counts.deal_count
    or staged_counts.open_amount <> pipeline_sums.open_amount
