WITH groups AS
(SELECT client_groups.group_id AS group_id, CASE client_groups.currency WHEN %(param_1)s THEN %(param_2)s ELSE %(param_3)s END AS currency, false AS is_target
FROM client_groups
WHERE client_groups.type IN (SELECT unnest(CAST(%(param_4)s AS VARCHAR[])) AS value) AND client_groups.currency IN (SELECT unnest(CAST(%(param_5)s AS VARCHAR(3)[])) AS value) AND client_groups.owner_id IN (SELECT unnest(CAST(%(param_6)s AS BIGINT[])) AS value)),
days AS
(SELECT day_flows.day AS day
FROM day_flows JOIN groups ON groups.group_id = day_flows.group_id
WHERE day_flows.zone_id = %(zone_id_1)s GROUP BY day_flows.day
HAVING sum(day_flows.number) > %(sum_1)s)
 SELECT min(days.day) AS min_1, min(CASE WHEN (days.day BETWEEN %(day_1)s AND %(day_2)s) THEN days.day END) AS min_2, max(CASE WHEN (days.day BETWEEN %(day_1)s AND %(day_2)s) THEN days.day END) AS max_1
FROM days
