WITH groups AS
(SELECT client_groups.group_id AS group_id, CASE client_groups.currency WHEN %(param_1)s THEN %(param_2)s WHEN %(param_3)s THEN %(param_4)s ELSE %(param_5)s END AS currency, false AS is_target
FROM client_groups
WHERE client_groups.type IN (%(type_1_1)s) AND client_groups.owner_id IN (%(owner_id_1_1)s, %(owner_id_1_2)s)),
buckets AS
(SELECT unnest(CAST(%(buckets_day)s AS DATE[])) AS day, unnest(CAST(%(buckets_bucket)s AS INTEGER[])) AS bucket)
 SELECT groups.currency, coalesce(buckets.bucket, %(coalesce_1)s) AS bucket, CAST(sum(level_changes.overall_active_qty) AS BIGINT) AS overall_active_qty, CAST(sum(level_changes.overall_active_pos) AS VARCHAR) AS overall_active_pos, CAST(sum(level_changes.overall_active_neg) AS VARCHAR) AS overall_active_neg, CAST(sum(level_changes.all_qty) AS BIGINT) AS all_qty, CAST(sum(level_changes.all_pos) AS VARCHAR) AS all_pos, CAST(sum(level_changes.all_neg) AS VARCHAR) AS all_neg
FROM level_changes JOIN groups ON groups.group_id = level_changes.group_id LEFT OUTER JOIN buckets ON level_changes.day = buckets.day
WHERE level_changes.zone_id = %(zone_id_1)s AND level_changes.day <= %(day_1)s GROUP BY groups.currency, coalesce(buckets.bucket, %(coalesce_1)s)
