WITH places AS
(SELECT unnest(CAST(%(places_day)s AS DATE[])) AS day, unnest(CAST(%(places_low)s AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(places_high)s AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(places_place)s AS INTEGER[])) AS place, unnest(CAST(%(places_first)s AS INTEGER[])) AS first),
happened AS
(SELECT clients.currency AS currency, CASE WHEN (clients.currency = %(currency_1)s) THEN places.first ELSE places.place END AS place, transactions.kind AS kind, count(*) AS number, count(CASE WHEN (transactions.amount_micros >= %(amount_micros_1)s) THEN %(param_2)s END) AS not_below, count(CASE WHEN (transactions.amount_micros <= %(amount_micros_2)s) THEN %(param_3)s END) AS not_above, sum(transactions.amount_micros) AS amount
FROM transactions LEFT OUTER JOIN clients ON clients.id = transactions.client_id LEFT OUTER JOIN places ON CAST(transactions."at" AS DATE) = places.day AND transactions."at" >= places.low AND transactions."at" < places.high
WHERE transactions."at" >= %(at_1)s AND transactions."at" < %(at_2)s GROUP BY clients.currency, CASE WHEN (clients.currency = %(currency_1)s) THEN places.first ELSE places.place END, transactions.kind)
 SELECT %(param_1)s AS scope, CAST(NULL AS BIGINT) AS package_id, happened.currency, happened.place, CAST(happened.kind AS VARCHAR) AS kind, CAST(sum(happened.number) AS BIGINT) AS number, CAST(sum(happened.not_below) AS BIGINT) AS not_below, CAST(sum(happened.not_above) AS BIGINT) AS not_above, CAST(sum(happened.amount) AS VARCHAR) AS amount
FROM happened
WHERE happened.kind IN (%(kind_1_1)s, %(kind_1_2)s, %(kind_1_3)s, %(kind_1_4)s) GROUP BY happened.currency, happened.place, happened.kind
