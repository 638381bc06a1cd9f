{#- Free text as it may be published: e-mail addresses and what looks like a secret are hidden, the rest stays.
    The look before publishing (observes_assets/oath/disclosure.py) finds what slips through. -#}
{% macro without_people(text) -%}
    landing.without_people({{ text }})
{%- endmacro %}
