WITH groups AS
(SELECT client_groups.group_id AS group_id, CASE client_groups.currency WHEN %(param_1)s THEN %(param_2)s ELSE %(param_3)s END AS currency, false AS is_target
FROM client_groups
WHERE client_groups.type IN (SELECT unnest(CAST(%(param_4)s AS VARCHAR[])) AS value) AND client_groups.currency IN (SELECT unnest(CAST(%(param_5)s AS VARCHAR(3)[])) AS value) AND client_groups.owner_id IN (SELECT unnest(CAST(%(param_6)s AS BIGINT[])) AS value))
 SELECT min(day_flows.first_at) AS min_1, min(CASE WHEN (day_flows.day BETWEEN %(day_1)s AND %(day_2)s) THEN day_flows.first_at END) AS min_2, max(CASE WHEN (day_flows.day BETWEEN %(day_1)s AND %(day_2)s) THEN day_flows.last_at END) AS max_1
FROM day_flows JOIN groups ON groups.group_id = day_flows.group_id
WHERE day_flows.zone_id = %(zone_id_1)s
