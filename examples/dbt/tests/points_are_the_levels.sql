-- Fails with every customer and period whose level from the ledger is not that of customer_mrr.

with found as (
    select period, customer_key, mrr from {{ ref('customer_mrr_from_points') }}
),

wanted as (
    select c.period, c.customer_key, c.end_mrr as mrr
    from {{ source('tenure', 'customer_mrr') }} as c
    where c.end_mrr > 0 and c.customer_key not in (
        select customer_key from {{ source('tenure', 'points') }} where currency <> '{{ var("currency") }}')
)

select coalesce(f.period, w.period) as period, coalesce(f.customer_key, w.customer_key) as customer_key,
    f.mrr as from_points, w.mrr as from_tenure
from found as f
full join wanted as w on w.period = f.period and w.customer_key = f.customer_key
where f.mrr is null or w.mrr is null or f.mrr <> w.mrr
