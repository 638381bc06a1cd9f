{#- What became of a deal, by its stage: Zoho's own stages of the end are Closed Won, Closed Lost and Closed Lost to
    Competition, and companies keep to these words when they rename them. -#}
{% macro deal_outcome(stage) -%}
    case
        when {{ stage }} ~* '\mclosed\M.*\mwon\M' then 'won'
        when {{ stage }} ~* '\mclosed\M' then 'lost'
        else 'open'
    end
{%- endmacro %}
