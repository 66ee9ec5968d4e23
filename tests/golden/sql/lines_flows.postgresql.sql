WITH groups AS
(SELECT client_groups.group_id AS group_id, CASE client_groups.currency WHEN %(param_12)s::VARCHAR THEN %(param_13)s::INTEGER WHEN %(param_14)s::VARCHAR THEN %(param_15)s::INTEGER ELSE %(param_16)s::INTEGER END AS currency, client_groups.currency = %(currency_1)s::VARCHAR AS is_target
FROM client_groups
WHERE client_groups.type IN (%(type_1_1)s::VARCHAR) AND client_groups.owner_id IN (%(owner_id_1_1)s::BIGINT, %(owner_id_1_2)s::BIGINT)),
places AS
(SELECT unnest(CAST(%(places_day)s::DATE[] AS DATE[])) AS day, unnest(CAST(%(places_place)s::INTEGER[] AS INTEGER[])) AS place, unnest(CAST(%(places_first)s::INTEGER[] AS INTEGER[])) AS first)
 SELECT %(param_1)s::INTEGER AS scope, %(param_2)s::BIGINT AS package_id, groups.currency, CASE WHEN groups.is_target THEN places.first ELSE places.place END AS place, CASE day_flows.kind WHEN %(param_3)s::VARCHAR THEN %(param_4)s::INTEGER WHEN %(param_5)s::VARCHAR THEN %(param_6)s::INTEGER WHEN %(param_7)s::VARCHAR THEN %(param_8)s::INTEGER WHEN %(param_9)s::VARCHAR THEN %(param_10)s::INTEGER ELSE %(param_11)s::INTEGER END AS kind, CAST(sum(day_flows.number) AS BIGINT) AS number, CAST(sum(day_flows.not_below) AS BIGINT) AS not_below, CAST(sum(day_flows.not_above) AS BIGINT) AS not_above, CAST(sum(day_flows.amount_micros) AS VARCHAR) AS amount
FROM day_flows JOIN groups ON groups.group_id = day_flows.group_id LEFT OUTER JOIN places ON day_flows.day = places.day
WHERE day_flows.zone_id = %(zone_id_1)s::INTEGER AND day_flows.day BETWEEN %(day_1)s::DATE AND %(day_2)s::DATE GROUP BY groups.currency, CASE WHEN groups.is_target THEN places.first ELSE places.place END, day_flows.kind
