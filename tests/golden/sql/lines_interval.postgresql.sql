WITH groups AS
(SELECT client_groups.group_id AS group_id, CASE client_groups.currency WHEN %(param_1)s::VARCHAR THEN %(param_2)s::INTEGER ELSE %(param_3)s::INTEGER END AS currency, false AS is_target
FROM client_groups
WHERE client_groups.type IN (%(type_1_1)s::VARCHAR) AND client_groups.owner_id IN (%(owner_id_1_1)s::BIGINT, %(owner_id_1_2)s::BIGINT))
 SELECT min(day_flows.first_at) AS min_1, min(CASE WHEN (day_flows.day BETWEEN %(day_1)s::DATE AND %(day_2)s::DATE) THEN day_flows.first_at END) AS min_2, max(CASE WHEN (day_flows.day BETWEEN %(day_1)s::DATE AND %(day_2)s::DATE) THEN day_flows.last_at END) AS max_1
FROM day_flows JOIN groups ON groups.group_id = day_flows.group_id
WHERE day_flows.zone_id = %(zone_id_1)s::INTEGER
