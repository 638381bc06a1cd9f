{#- The first day of an instant's month in a time zone: half-open months, whatever the session's zone. -#}
{% macro month_on(instant, time_zone) -%}
    date_trunc('month', {{ instant }} at time zone {{ time_zone }})::date
{%- endmacro %}
