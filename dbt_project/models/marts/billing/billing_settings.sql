with

settings as (
    select
        portfolio.name,
        portfolio.rule,
        portfolio.bots,
        array(
            select pattern.word
            from jsonb_array_elements_text(portfolio.bot_names) with ordinality as pattern (word, position)
            order by pattern.position
        ) as bot_names,
        portfolio.minimum_commits,
        portfolio.time_zone,
        portfolio.close_day
    from {{ ref('stg_portfolio__portfolio') }} as portfolio
    where portfolio.is_newest
)

select * from settings
