WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients
WHERE clients.type IN (%(type_1_1)s) AND clients.id IN (SELECT client_tags.client_id
FROM client_tags
WHERE client_tags.tag IN (%(tag_1_1)s, %(tag_1_2)s)) AND clients.owner_id IN (%(owner_id_1_1)s, %(owner_id_1_2)s)),
places AS
(SELECT unnest(CAST(%(places_day)s AS DATE[])) AS day, unnest(CAST(%(places_low)s AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(places_high)s AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(places_place)s AS INTEGER[])) AS place, unnest(CAST(%(places_first)s AS INTEGER[])) AS first),
happened AS
(SELECT transactions.client_id AS client_id, transactions.package_id AS package_id, selected.currency AS currency, CASE WHEN (selected.currency = %(currency_1)s) THEN places.first ELSE places.place END AS place, transactions.kind AS kind, transactions.amount_micros AS amount_micros, transactions."at" AS "at"
FROM transactions JOIN selected ON selected.id = transactions.client_id JOIN places ON CAST(transactions."at" AS DATE) = places.day AND transactions."at" >= places.low AND transactions."at" < places.high
WHERE transactions."at" >= %(at_1)s AND transactions."at" < %(at_2)s),
held_when AS
(SELECT subscriptions.client_id AS client_id, subscriptions.package_id AS package_id, subscriptions.started_at AS low, coalesce(subscriptions.ended_at, %(param_22)s) AS high
FROM subscriptions
WHERE subscriptions.package_id IN (%(package_id_2_1)s, %(package_id_2_2)s)),
any_held_when_marked AS
(SELECT held_when.client_id AS client_id, held_when.low AS low, held_when.high AS high, max(held_when.high) OVER (PARTITION BY held_when.client_id ORDER BY held_when.low, held_when.high ROWS BETWEEN UNBOUNDED PRECEDING AND %(param_21)s PRECEDING) AS reached
FROM held_when),
any_held_when_numbered AS
(SELECT any_held_when_marked.client_id AS client_id, any_held_when_marked.low AS low, any_held_when_marked.high AS high, sum(CASE WHEN (any_held_when_marked.low <= any_held_when_marked.reached) THEN %(param_19)s ELSE %(param_20)s END) OVER (PARTITION BY any_held_when_marked.client_id ORDER BY any_held_when_marked.low, any_held_when_marked.high ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
FROM any_held_when_marked),
any_held_when AS
(SELECT any_held_when_numbered.client_id AS client_id, min(any_held_when_numbered.low) AS low, max(any_held_when_numbered.high) AS high
FROM any_held_when_numbered GROUP BY any_held_when_numbered.client_id, any_held_when_numbered.island)
 SELECT %(param_1)s AS scope, CAST(NULL AS BIGINT) AS package_id, happened.currency, happened.place, count(CASE WHEN ((happened.kind = %(kind_1)s OR happened.kind = %(kind_2)s OR happened.kind = %(kind_3)s OR happened.kind = %(kind_4)s) AND happened.amount_micros != %(amount_micros_1)s) THEN %(param_2)s END) AS moved, count(CASE WHEN (happened.kind = %(kind_5)s AND happened.amount_micros >= %(amount_micros_2)s) THEN %(param_3)s END) AS balance_refill_qty, CAST(sum(CASE WHEN (happened.kind = %(kind_6)s) THEN happened.amount_micros ELSE %(param_4)s END) * %(sum_1)s AS VARCHAR) AS balance_refill_total, CAST(sum(CASE WHEN (happened.kind = %(kind_7)s) THEN happened.amount_micros ELSE %(param_5)s END) * %(sum_2)s AS VARCHAR) AS payg_total, count(CASE WHEN (happened.kind = %(kind_8)s AND happened.amount_micros <= %(amount_micros_3)s) THEN %(param_6)s END) AS packages_activation_qty, CAST(sum(CASE WHEN (happened.kind = %(kind_9)s) THEN happened.amount_micros ELSE %(param_7)s END) * %(sum_3)s AS VARCHAR) AS packages_activation_total, count(CASE WHEN (happened.kind = %(kind_10)s AND happened.amount_micros <= %(amount_micros_4)s) THEN %(param_8)s END) AS packages_renew_qty, CAST(sum(CASE WHEN (happened.kind = %(kind_11)s) THEN happened.amount_micros ELSE %(param_9)s END) * %(sum_4)s AS VARCHAR) AS packages_renew_total
FROM happened
WHERE happened.package_id IN (%(package_id_1_1)s, %(package_id_1_2)s) GROUP BY happened.currency, happened.place UNION ALL SELECT %(param_10)s AS scope, CAST(NULL AS BIGINT) AS package_id, happened.currency, happened.place, count(CASE WHEN ((happened.kind = %(kind_12)s OR happened.kind = %(kind_13)s OR happened.kind = %(kind_14)s OR happened.kind = %(kind_15)s) AND happened.amount_micros != %(amount_micros_5)s) THEN %(param_11)s END) AS moved, count(CASE WHEN (happened.kind = %(kind_16)s AND happened.amount_micros >= %(amount_micros_6)s) THEN %(param_12)s END) AS balance_refill_qty, CAST(sum(CASE WHEN (happened.kind = %(kind_17)s) THEN happened.amount_micros ELSE %(param_13)s END) * %(sum_5)s AS VARCHAR) AS balance_refill_total, CAST(sum(CASE WHEN (happened.kind = %(kind_18)s) THEN happened.amount_micros ELSE %(param_14)s END) * %(sum_6)s AS VARCHAR) AS payg_total, count(CASE WHEN (happened.kind = %(kind_19)s AND happened.amount_micros <= %(amount_micros_7)s) THEN %(param_15)s END) AS packages_activation_qty, CAST(sum(CASE WHEN (happened.kind = %(kind_20)s) THEN happened.amount_micros ELSE %(param_16)s END) * %(sum_7)s AS VARCHAR) AS packages_activation_total, count(CASE WHEN (happened.kind = %(kind_21)s AND happened.amount_micros <= %(amount_micros_8)s) THEN %(param_17)s END) AS packages_renew_qty, CAST(sum(CASE WHEN (happened.kind = %(kind_22)s) THEN happened.amount_micros ELSE %(param_18)s END) * %(sum_8)s AS VARCHAR) AS packages_renew_total
FROM happened JOIN any_held_when ON any_held_when.client_id = happened.client_id AND happened."at" >= any_held_when.low AND happened."at" < any_held_when.high
WHERE happened.kind IN (%(kind_23_1)s, %(kind_23_2)s) GROUP BY happened.currency, happened.place
