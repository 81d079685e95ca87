-- Fails with every row of the bridge that is not the report's, to the last millionth. A ratio is
-- compared by multiplying: it may be off by half of its last place.

select b.*
from {{ ref('retention_bridge') }} as b
full join (
    select * from {{ source('tenure', 'retention') }} where unit = 'month' and trailing_months = 0
) as r
    on r.period = b.period
   and r.segment_attribute = b.segment_attribute and r.segment_value = b.segment_value
where (b.period is null and (r.customers_start > 0 or r.customers_end > 0))
   or r.period is null
   or b.start_mrr <> r.start_mrr or b.new_mrr <> r.new or b.reactivation <> r.reactivation
   or b.expansion <> r.expansion or b.contraction <> r.contraction or b.churn <> r.churn
   or b.fx <> r.fx or b.end_mrr <> r.end_mrr
   or b.customers_start <> r.customers_start or b.customers_end <> r.customers_end
   or abs(r.nrr * b.start_mrr - b.kept_net) > 0.0000005 * b.start_mrr
   or abs(r.grr * b.start_mrr - b.kept_gross) > 0.0000005 * b.start_mrr
