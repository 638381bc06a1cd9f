select repository_id
from {{ ref('int_repositories_owned') }}
group by repository_id
having count(distinct organization_name) > 1
