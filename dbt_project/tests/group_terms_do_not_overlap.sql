select
    earlier.organization_name,
    earlier.group_name,
    earlier.valid_from
from {{ ref('group_terms') }} as earlier
inner join {{ ref('group_terms') }} as later
    on
        earlier.group_name = later.group_name
        and earlier.valid_from < later.valid_from
where earlier.valid_until is null or earlier.valid_until > later.valid_from
