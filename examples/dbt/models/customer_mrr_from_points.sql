-- What each customer pays just before each period's end, from the ledger itself: of each item the
-- last point in force. Customers who pay in the workspace's currency alone (others need its rates),
-- in a workspace whose days are those of UTC. With --vars '{known_at: "2026-03-05 12:00:00+00"}' as it
-- was known then. A customer who was away for less than a day counts as gone here.

with period as (
    select distinct period, period_end
    from {{ source('tenure', 'retention') }}
    where unit = 'month' and trailing_months = 0
),

known as (
    select *
    from {{ source('tenure', 'points') }}
    {%- if var('known_at', none) %}
    where recorded_at <= '{{ var("known_at") }}'
      and (superseded_at is null or superseded_at > '{{ var("known_at") }}')
    {%- else %}
    where superseded_at is null
    {%- endif %}
),

foreign_customer as (
    select distinct customer_key from known where currency <> '{{ var("currency") }}'
),

in_force as (
    select p.period, k.customer_key, k.monthly,
        row_number() over (
            partition by p.period, k.item_key order by k.effective_at desc) as place
    from period as p
    join known as k on k.effective_at < cast(p.period_end as timestamp)
    left join foreign_customer as f on f.customer_key = k.customer_key
    where f.customer_key is null and k.item_kind <> 'usage'
)

select period, customer_key, sum(monthly) as mrr
from in_force
where place = 1
group by period, customer_key
having sum(monthly) > 0
