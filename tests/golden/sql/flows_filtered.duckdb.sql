WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients
WHERE clients.type IN (SELECT unnest(CAST(%(param_19)s AS VARCHAR[])) AS value) AND clients.id IN (SELECT client_tags.client_id
FROM client_tags
WHERE client_tags.tag IN (SELECT unnest(CAST(%(param_20)s AS VARCHAR[])) AS value)) AND clients.currency IN (SELECT unnest(CAST(%(param_21)s AS VARCHAR(3)[])) AS value) AND clients.owner_id IN (SELECT unnest(CAST(%(param_22)s AS BIGINT[])) AS value)),
places AS
(SELECT unnest(CAST(%(places_day)s AS DATE[])) AS day, unnest(CAST(%(places_low)s AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(places_high)s AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(places_place)s AS INTEGER[])) AS place, unnest(CAST(%(places_first)s AS INTEGER[])) AS first),
happened AS
(SELECT selected.currency AS currency, CASE WHEN (selected.currency = %(currency_1)s) THEN places.first ELSE places.place END AS place, transactions.kind AS kind, transactions.package_id AS package_id, holdings.package_set AS package_set, count(*) AS number, count(CASE WHEN (transactions.amount_micros >= %(amount_micros_1)s) THEN %(param_17)s END) AS not_below, count(CASE WHEN (transactions.amount_micros <= %(amount_micros_2)s) THEN %(param_18)s END) AS not_above, sum(transactions.amount_micros) AS amount
FROM transactions JOIN selected ON selected.id = transactions.client_id LEFT OUTER JOIN places ON CAST(transactions."at" AS DATE) = places.day AND transactions."at" >= places.low AND transactions."at" < places.high LEFT OUTER JOIN holdings ON holdings.client_id = transactions.client_id AND holdings.started_at <= transactions."at" AND transactions."at" < coalesce(holdings.ended_at, %(param_23)s)
WHERE transactions."at" >= %(at_1)s AND transactions."at" < %(at_2)s GROUP BY selected.currency, CASE WHEN (selected.currency = %(currency_1)s) THEN places.first ELSE places.place END, transactions.kind, transactions.package_id, holdings.package_set)
 SELECT %(param_1)s AS scope, %(param_2)s AS package_id, CASE happened.currency WHEN %(param_3)s THEN %(param_4)s WHEN %(param_5)s THEN %(param_6)s ELSE %(param_7)s END AS currency, happened.place, CASE happened.kind WHEN %(param_8)s THEN %(param_9)s WHEN %(param_10)s THEN %(param_11)s WHEN %(param_12)s THEN %(param_13)s WHEN %(param_14)s THEN %(param_15)s ELSE %(param_16)s END AS kind, CAST(sum(happened.number) AS BIGINT) AS number, CAST(sum(happened.not_below) AS BIGINT) AS not_below, CAST(sum(happened.not_above) AS BIGINT) AS not_above, CAST(sum(happened.amount) AS VARCHAR) AS amount
FROM happened
WHERE happened.kind IN (%(kind_1_1)s, %(kind_1_2)s) AND happened.package_id IN (SELECT unnest(CAST(%(param_24)s AS BIGINT[])) AS value) OR happened.kind IN (%(kind_2_1)s, %(kind_2_2)s) AND happened.package_set IS NOT NULL AND happened.package_set IN (SELECT package_sets.package_set
FROM package_sets
WHERE package_sets.package_id IN (SELECT unnest(CAST(%(param_25)s AS BIGINT[])) AS value)) GROUP BY happened.currency, happened.place, happened.kind
