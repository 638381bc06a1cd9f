{#- The condition is true on each row; null counts as broken. -#}
{% test holds(model, condition) %}
    select 1 as is_broken
    from {{ model }}
    where ({{ condition }}) is not true
{% endtest %}
