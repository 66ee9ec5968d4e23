WITH groups AS
(SELECT client_groups.group_id AS group_id, CASE client_groups.currency WHEN %(param_12)s THEN %(param_13)s WHEN %(param_14)s THEN %(param_15)s ELSE %(param_16)s END AS currency, client_groups.currency = %(currency_1)s AS is_target
FROM client_groups
WHERE client_groups.type IN (SELECT unnest(CAST(%(param_17)s AS VARCHAR[])) AS value) AND client_groups.currency IN (SELECT unnest(CAST(%(param_18)s AS VARCHAR(3)[])) AS value) AND client_groups.owner_id IN (SELECT unnest(CAST(%(param_19)s AS BIGINT[])) AS value)),
places AS
(SELECT unnest(CAST(%(places_day)s AS DATE[])) AS day, unnest(CAST(%(places_place)s AS INTEGER[])) AS place, unnest(CAST(%(places_first)s AS INTEGER[])) AS first)
 SELECT %(param_1)s AS scope, %(param_2)s AS package_id, groups.currency, CASE WHEN groups.is_target THEN places.first ELSE places.place END AS place, CASE day_flows.kind WHEN %(param_3)s THEN %(param_4)s WHEN %(param_5)s THEN %(param_6)s WHEN %(param_7)s THEN %(param_8)s WHEN %(param_9)s THEN %(param_10)s ELSE %(param_11)s END AS kind, CAST(sum(day_flows.number) AS BIGINT) AS number, CAST(sum(day_flows.not_below) AS BIGINT) AS not_below, CAST(sum(day_flows.not_above) AS BIGINT) AS not_above, CAST(sum(day_flows.amount_micros) AS VARCHAR) AS amount
FROM day_flows JOIN groups ON groups.group_id = day_flows.group_id LEFT OUTER JOIN places ON day_flows.day = places.day
WHERE day_flows.zone_id = %(zone_id_1)s AND day_flows.day BETWEEN %(day_1)s AND %(day_2)s GROUP BY groups.currency, CASE WHEN groups.is_target THEN places.first ELSE places.place END, day_flows.kind
