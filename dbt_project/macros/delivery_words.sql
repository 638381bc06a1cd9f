{#- The delivery file as of the build, one row; lower case where people's spelling must not matter. `as_of_on`
    is the day of the last look at GitHub. A CTE's inside. -#}
{% macro delivery_words() -%}
    select
        delivery.time_zone,
        delivery.as_of_at,
        (delivery.as_of_at at time zone delivery.time_zone)::date as as_of_on,
        array(select jsonb_array_elements_text(delivery.closed_as_reasons)) as closed_as_reasons,
        array(select lower(jsonb_array_elements_text(delivery.done_statuses))) as done_statuses,
        array(select lower(jsonb_array_elements_text(delivery.started_statuses))) as started_statuses,
        array(select lower(jsonb_array_elements_text(delivery.deliverable_types))) as deliverable_types,
        array(select lower(jsonb_array_elements_text(delivery.epic_types))) as epic_types,
        array(select lower(jsonb_array_elements_text(delivery.incident_labels))) as incident_labels,
        array(select lower(jsonb_array_elements_text(delivery.incident_types))) as incident_types,
        delivery.boards
    from {{ ref('stg_delivery__delivery') }} as delivery
    where delivery.known_until is null and not delivery.is_deleted
{%- endmacro %}
