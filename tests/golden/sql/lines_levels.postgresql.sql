WITH groups AS
(SELECT client_groups.group_id AS group_id, CASE client_groups.currency WHEN %(param_2)s::VARCHAR THEN %(param_3)s::INTEGER WHEN %(param_4)s::VARCHAR THEN %(param_5)s::INTEGER ELSE %(param_6)s::INTEGER END AS currency, false AS is_target
FROM client_groups
WHERE client_groups.type IN (SELECT unnest(CAST(%(param_7)s::VARCHAR[] AS VARCHAR[])) AS value) AND client_groups.currency IN (SELECT unnest(CAST(%(param_8)s::VARCHAR(3)[] AS VARCHAR(3)[])) AS value) AND client_groups.owner_id IN (SELECT unnest(CAST(%(param_9)s::BIGINT[] AS BIGINT[])) AS value))
 SELECT groups.currency, %(param_1)s::INTEGER AS bucket, CAST(sum(level_changes.overall_active_qty) AS BIGINT) AS overall_active_qty, CAST(sum(level_changes.overall_active_pos) AS VARCHAR) AS overall_active_pos, CAST(sum(level_changes.overall_active_neg) AS VARCHAR) AS overall_active_neg, CAST(sum(level_changes.all_qty) AS BIGINT) AS all_qty, CAST(sum(level_changes.all_pos) AS VARCHAR) AS all_pos, CAST(sum(level_changes.all_neg) AS VARCHAR) AS all_neg
FROM level_changes JOIN groups ON groups.group_id = level_changes.group_id
WHERE level_changes.zone_id = %(zone_id_1)s::INTEGER AND level_changes.day <= %(day_1)s::DATE GROUP BY groups.currency
