{#- When a version began to be so, of which we only know between which two looks it did: the vendor's own time
    of the change if that lies between the looks, else the later look. -#}
{% macro changed_at(own, look_before, look) -%}
    case
        when {{ own }} > {{ look_before }} and {{ own }} <= {{ look }} then {{ own }}
        else {{ look }}
    end
{%- endmacro %}
