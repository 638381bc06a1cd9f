{#- Each row has a partner in another model, by columns of the same names. -#}
{% test refers_to(model, to, columns) %}
    select {{ columns | join(', ') }} from {{ model }}
    except
    select {{ columns | join(', ') }} from {{ to }}
{% endtest %}
