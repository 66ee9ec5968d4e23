WITH groups AS
(SELECT client_groups.group_id AS group_id, CASE client_groups.currency WHEN %(param_2)s::VARCHAR THEN %(param_3)s::INTEGER WHEN %(param_4)s::VARCHAR THEN %(param_5)s::INTEGER ELSE %(param_6)s::INTEGER END AS currency, false AS is_target
FROM client_groups
WHERE client_groups.type IN (SELECT unnest(CAST(%(param_7)s::VARCHAR[] AS VARCHAR[])) AS value) AND client_groups.currency IN (SELECT unnest(CAST(%(param_8)s::VARCHAR(3)[] AS VARCHAR(3)[])) AS value) AND client_groups.owner_id IN (SELECT unnest(CAST(%(param_9)s::BIGINT[] AS BIGINT[])) AS value))
 SELECT groups.currency, %(param_1)s::INTEGER AS bucket, CAST(sum(lapse_changes.qty) AS BIGINT) AS qty, CAST(sum(lapse_changes.pos) AS VARCHAR) AS pos, CAST(sum(lapse_changes.neg) AS VARCHAR) AS neg
FROM lapse_changes JOIN groups ON groups.group_id = lapse_changes.group_id
WHERE lapse_changes.zone_id = %(zone_id_1)s::INTEGER AND lapse_changes.day <= %(day_1)s::DATE AND lapse_changes.paid_day < %(paid_day_1)s::DATE GROUP BY groups.currency
