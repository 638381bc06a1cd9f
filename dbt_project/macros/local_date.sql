{#- The day of an instant in a time zone. What holds from one instant until another holds at the end of every
    day from the first instant's day to the day before the second one's. -#}
{% macro local_date(instant, time_zone) -%}
    ({{ instant }} at time zone {{ time_zone }})::date
{%- endmacro %}
