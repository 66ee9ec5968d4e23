WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients
WHERE clients.type IN (%(type_1_1)s::VARCHAR) AND clients.id IN (SELECT client_tags.client_id
FROM client_tags
WHERE client_tags.tag IN (%(tag_1_1)s::VARCHAR, %(tag_1_2)s::VARCHAR)) AND clients.owner_id IN (%(owner_id_1_1)s::BIGINT, %(owner_id_1_2)s::BIGINT)),
places AS
(SELECT unnest(CAST(%(places_day)s::DATE[] AS DATE[])) AS day, unnest(CAST(%(places_low)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(places_high)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(places_place)s::INTEGER[] AS INTEGER[])) AS place, unnest(CAST(%(places_first)s::INTEGER[] AS INTEGER[])) AS first),
happened AS
(SELECT selected.currency AS currency, CASE WHEN (selected.currency = %(currency_1)s::VARCHAR) THEN places.first ELSE places.place END AS place, transactions.kind AS kind, transactions.package_id AS package_id, holdings.package_set AS package_set, count(*) AS number, count(CASE WHEN (transactions.amount_micros >= %(amount_micros_1)s::BIGINT) THEN %(param_17)s::INTEGER END) AS not_below, count(CASE WHEN (transactions.amount_micros <= %(amount_micros_2)s::BIGINT) THEN %(param_18)s::INTEGER END) AS not_above, sum(transactions.amount_micros) AS amount
FROM transactions JOIN selected ON selected.id = transactions.client_id LEFT OUTER JOIN places ON CAST(transactions."at" AS DATE) = places.day AND transactions."at" >= places.low AND transactions."at" < places.high LEFT OUTER JOIN holdings ON holdings.client_id = transactions.client_id AND holdings.started_at <= transactions."at" AND transactions."at" < coalesce(holdings.ended_at, %(param_19)s::TIMESTAMP WITHOUT TIME ZONE)
WHERE transactions."at" >= %(at_1)s::TIMESTAMP WITHOUT TIME ZONE AND transactions."at" < %(at_2)s::TIMESTAMP WITHOUT TIME ZONE GROUP BY selected.currency, CASE WHEN (selected.currency = %(currency_1)s::VARCHAR) THEN places.first ELSE places.place END, transactions.kind, transactions.package_id, holdings.package_set)
 SELECT %(param_1)s::INTEGER AS scope, %(param_2)s::BIGINT AS package_id, CASE happened.currency WHEN %(param_3)s::VARCHAR THEN %(param_4)s::INTEGER WHEN %(param_5)s::VARCHAR THEN %(param_6)s::INTEGER ELSE %(param_7)s::INTEGER END AS currency, happened.place, CASE happened.kind WHEN %(param_8)s::VARCHAR THEN %(param_9)s::INTEGER WHEN %(param_10)s::VARCHAR THEN %(param_11)s::INTEGER WHEN %(param_12)s::VARCHAR THEN %(param_13)s::INTEGER WHEN %(param_14)s::VARCHAR THEN %(param_15)s::INTEGER ELSE %(param_16)s::INTEGER END AS kind, CAST(sum(happened.number) AS BIGINT) AS number, CAST(sum(happened.not_below) AS BIGINT) AS not_below, CAST(sum(happened.not_above) AS BIGINT) AS not_above, CAST(sum(happened.amount) AS VARCHAR) AS amount
FROM happened
WHERE happened.kind IN (%(kind_1_1)s::VARCHAR, %(kind_1_2)s::VARCHAR) AND happened.package_id IN (%(package_id_1_1)s::BIGINT, %(package_id_1_2)s::BIGINT) OR happened.kind IN (%(kind_2_1)s::VARCHAR, %(kind_2_2)s::VARCHAR) AND happened.package_set IS NOT NULL AND happened.package_set IN (SELECT package_sets.package_set
FROM package_sets
WHERE package_sets.package_id IN (%(package_id_2_1)s::BIGINT, %(package_id_2_2)s::BIGINT)) GROUP BY happened.currency, happened.place, happened.kind
