WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients
WHERE clients.type IN (SELECT unnest(CAST(%(param_1)s AS VARCHAR[])) AS value) AND clients.id IN (SELECT client_tags.client_id
FROM client_tags
WHERE client_tags.tag IN (SELECT unnest(CAST(%(param_2)s AS VARCHAR[])) AS value)) AND clients.currency IN (SELECT unnest(CAST(%(param_3)s AS VARCHAR(3)[])) AS value) AND clients.owner_id IN (SELECT unnest(CAST(%(param_4)s AS BIGINT[])) AS value))
 SELECT selected.currency, min(selected.created_at) AS min_1
FROM selected GROUP BY selected.currency
