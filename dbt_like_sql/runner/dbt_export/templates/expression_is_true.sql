{# Rows for which the expression is false; below a column it continues after the column's name. NULL is no failure. #}
{% test expression_is_true(model, expression, column_name=none) %}
select *
from {{ model }}
where not (
    {{ column_name or '' }} {{ expression }}
)
{% endtest %}
