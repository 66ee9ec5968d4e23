SELECT client_groups.currency, min(client_groups.created_at) AS min_1
FROM client_groups
WHERE client_groups.type IN (SELECT unnest(CAST(%(param_1)s AS VARCHAR[])) AS value) AND client_groups.currency IN (SELECT unnest(CAST(%(param_2)s AS VARCHAR(3)[])) AS value) AND client_groups.owner_id IN (SELECT unnest(CAST(%(param_3)s AS BIGINT[])) AS value) GROUP BY client_groups.currency
