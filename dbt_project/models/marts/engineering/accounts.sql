{#- GitHub gives whoever hides their address one that holds the number of their account:
    `<number>+<login>@users.noreply.github.com`. Who commits with it, or is joined with it by the mailmap, is the
    person that acts on GitHub under that number. Nothing is guessed from names or logins. -#}
with

identities as (
    select
        author_id,
        github_account_pseudonym
    from {{ ref('stg_landing__identities') }}
    where
        github_account_pseudonym is not null
        and mailmap_sha256 = (
            select portfolio.mailmap_sha256
            from {{ ref('stg_portfolio__portfolio') }} as portfolio
            where portfolio.is_newest
        )
),

last_commits as (
    select
        author_id,
        max(seen_at) as seen_at
    from {{ ref('commits') }}
    group by author_id
),

-- an account whose addresses the mailmap gives to several people is the one's who committed last
accounts as (
    select distinct on (identities.github_account_pseudonym)
        identities.github_account_pseudonym,
        identities.author_id
    from identities
    left join last_commits
        on identities.author_id = last_commits.author_id
    order by
        identities.github_account_pseudonym asc,
        last_commits.seen_at desc nulls last,
        identities.author_id asc
)

select * from accounts
