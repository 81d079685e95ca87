-- The bridge of each period from what each customer pays at both ends of it. Both ends are at the
-- opening rate; `fx` is what the rates did. A customer belongs to the segment that it was in when the
-- period opened, so that segments add up to the total.

with customer as (
    select period, '(total)' as segment_attribute, '(total)' as segment_value,
        start_mrr, end_mrr, end_mrr_constant, movement
    from {{ source('tenure', 'customer_mrr') }}
    {%- for name in var('segments') %}
    union all
    select period, '{{ name }}', segment_{{ name }}, start_mrr, end_mrr, end_mrr_constant, movement
    from {{ source('tenure', 'customer_mrr') }}
    {%- endfor %}
),

bridge as (
    select period, segment_attribute, segment_value,
        sum(start_mrr) as start_mrr,
        sum(case when movement = 'new' then end_mrr_constant else 0 end) as new_mrr,
        sum(case when movement = 'reactivation' then end_mrr_constant else 0 end) as reactivation,
        sum(case when movement = 'expansion' then end_mrr_constant - start_mrr else 0 end) as expansion,
        sum(case when movement = 'contraction' then start_mrr - end_mrr_constant else 0 end) as contraction,
        sum(case when movement = 'churn' then start_mrr else 0 end) as churn,
        sum(end_mrr - end_mrr_constant) as fx,
        sum(end_mrr) as end_mrr,
        sum(case when movement not in ('new', 'reactivation') then 1 else 0 end) as customers_start,
        sum(case when movement <> 'churn' then 1 else 0 end) as customers_end
    from customer
    group by period, segment_attribute, segment_value
)

select *,
    start_mrr + expansion - contraction - churn as kept_net,
    start_mrr - contraction - churn as kept_gross,
    (start_mrr + expansion - contraction - churn) / nullif(start_mrr, 0) as nrr,
    (start_mrr - contraction - churn) / nullif(start_mrr, 0) as grr
from bridge
