{#- The condition is true on each row; null counts as broken. Whole rows: who looks wants their keys. -#}
{% test holds(model, condition) %}
    select *
    from {{ model }}
    where ({{ condition }}) is not true
{% endtest %}
