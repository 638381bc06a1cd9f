select
    coalesce(stage, '') as stage,
    coalesce(currency, '') as currency,
    count(*) as deal_count,
    count(*) filter (where deal_amount is null) as unvalued_count,
    coalesce(sum(deal_amount), 0) as deal_amount,
    round(coalesce(sum(deal_amount * probability_percent / 100), 0), 2) as weighted_amount,
    min(closing_on) as first_closing_on
from {{ ref('deals') }}
where outcome = 'open' and not is_gone
group by coalesce(stage, ''), coalesce(currency, '')
