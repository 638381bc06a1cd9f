{#- The columns together are the model's key: no two rows agree in all of them, none of them is null.
    read_from names a table that copies a view row by row, where reading the view itself is dear. -#}
{% test unique_combination(model, columns, read_from=none) %}
    select
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ read_from or model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1 or num_nulls({{ columns | join(', ') }}) > 0
{% endtest %}
