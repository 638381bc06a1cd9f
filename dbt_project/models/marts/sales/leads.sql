{#- A deletion that Zoho tells of no more still was one, unless the lead was listed after that: then it was
    restored. -#}
with

leads as (
    {{ zoho_records('Leads', 'zoho_lead_id') }}
),

deletions as (
    select * from {{ ref('stg_zoho__deletions') }}
    where module_name = 'Leads' and known_until is null
),

users as (
    select * from {{ ref('stg_zoho__users') }}
    where known_until is null
)

select
    leads.zoho_lead_id,
    leads.person_pseudonym,
    leads.company_name,
    leads.industry,
    leads.lead_source,
    leads.status,
    case
        when not leads.is_gone then 'listed'
        when deletions.zoho_record_id is not null then 'deleted'
        else 'converted'
    end as fate,
    users.person_pseudonym as owner_pseudonym,
    leads.created_at,
    leads.modified_at,
    leads.is_gone
from leads
left join deletions
    on
        leads.zoho_lead_id = deletions.zoho_record_id
        and leads.modified_at <= deletions.deleted_at
        and (not deletions.is_deleted or (leads.is_deleted and leads.known_from <= deletions.known_from))
left join users on leads.zoho_owner_id = users.zoho_user_id
