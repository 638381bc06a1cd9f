with

contacts as (
    {{ zoho_records('Contacts', 'zoho_contact_id') }}
),

users as (
    select * from {{ ref('stg_zoho__users') }}
    where known_until is null
)

select
    contacts.zoho_contact_id,
    contacts.person_pseudonym,
    contacts.zoho_account_id,
    accounts.account_name,
    accounts.organization_name,
    contacts.lead_source,
    users.person_pseudonym as owner_pseudonym,
    contacts.created_at,
    contacts.modified_at,
    contacts.is_gone
from contacts
left join {{ ref('customer_accounts') }} as accounts on contacts.zoho_account_id = accounts.zoho_account_id
left join users on contacts.zoho_owner_id = users.zoho_user_id
