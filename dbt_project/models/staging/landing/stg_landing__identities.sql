with

identities as (
    select
        mailmap_sha256,
        author_name,
        author_email,
        canonical_name,
        canonical_email
    from {{ source('landing', 'identities') }}
),

staged as (
    select
        mailmap_sha256,
        {{ pseudonym_of_person('author_name', 'author_email') }} as author_pseudonym,
        {{ person_id('canonical_email') }} as author_id,
        {{ pseudonym_of_account(account_of_email('author_email')) }} as github_account_pseudonym,
        author_name,
        author_email,
        canonical_name,
        landing.canonical(canonical_email) as canonical_email
    from identities
)

select * from staged
