WITH groups AS
(SELECT client_groups.group_id AS group_id, CASE client_groups.currency WHEN %(param_1)s::VARCHAR THEN %(param_2)s::INTEGER WHEN %(param_3)s::VARCHAR THEN %(param_4)s::INTEGER ELSE %(param_5)s::INTEGER END AS currency, false AS is_target
FROM client_groups
WHERE client_groups.type IN (%(type_1_1)s::VARCHAR) AND client_groups.owner_id IN (%(owner_id_1_1)s::BIGINT, %(owner_id_1_2)s::BIGINT)),
buckets AS
(SELECT unnest(CAST(%(buckets_day)s::DATE[] AS DATE[])) AS day, unnest(CAST(%(buckets_bucket)s::INTEGER[] AS INTEGER[])) AS bucket)
 SELECT groups.currency, coalesce(buckets.bucket, %(coalesce_1)s::INTEGER) AS bucket, CAST(sum(lapse_changes.qty) AS BIGINT) AS qty, CAST(sum(lapse_changes.pos) AS VARCHAR) AS pos, CAST(sum(lapse_changes.neg) AS VARCHAR) AS neg
FROM lapse_changes JOIN groups ON groups.group_id = lapse_changes.group_id LEFT OUTER JOIN buckets ON buckets.day = greatest(lapse_changes.day, CASE WHEN (EXTRACT(day FROM CAST(lapse_changes.paid_day + 1 + INTERVAL '3 months' AS DATE)) < EXTRACT(day FROM lapse_changes.paid_day + 1)) THEN CAST(lapse_changes.paid_day + 1 + INTERVAL '3 months' AS DATE) ELSE CAST(lapse_changes.paid_day + 1 + INTERVAL '3 months' AS DATE) - 1 END)
WHERE lapse_changes.zone_id = %(zone_id_1)s::INTEGER AND lapse_changes.day <= %(day_1)s::DATE AND lapse_changes.paid_day < %(paid_day_1)s::DATE GROUP BY groups.currency, coalesce(buckets.bucket, %(coalesce_1)s::INTEGER)
