with

versions as (
    {{ versions_of('timedoctor', 'users') }}
),

staged as (
    select
        content.company_id as timedoctor_company_id,
        content.id as timedoctor_user_id,
        {{ person_id('content.email') }} as person_pseudonym,
        content.role,
        coalesce(content.archived, false) as is_archived,
        versions.known_from,
        versions.known_until,
        versions.is_deleted
    from versions
    cross join jsonb_to_record(versions.record) as content (
        company_id text,
        id text,
        email text,
        role text,
        archived boolean
    )
)

select * from staged
