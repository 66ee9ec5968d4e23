WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients
WHERE clients.type IN (SELECT unnest(CAST(%(param_1)s::VARCHAR[] AS VARCHAR[])) AS value) AND clients.id IN (SELECT client_tags.client_id
FROM client_tags
WHERE client_tags.tag IN (SELECT unnest(CAST(%(param_2)s::VARCHAR[] AS VARCHAR[])) AS value)) AND clients.currency IN (SELECT unnest(CAST(%(param_3)s::VARCHAR(3)[] AS VARCHAR(3)[])) AS value) AND clients.owner_id IN (SELECT unnest(CAST(%(param_4)s::BIGINT[] AS BIGINT[])) AS value)),
found AS
(SELECT min(client_months.first_at) AS first_ever, min(CASE WHEN (client_months.month >= %(month_1)s::DATE AND client_months.month < %(month_2)s::DATE) THEN client_months.first_at END) AS first, max(CASE WHEN (client_months.month >= %(month_1)s::DATE AND client_months.month < %(month_2)s::DATE) THEN client_months.last_at END) AS last
FROM client_months JOIN selected ON selected.id = client_months.client_id UNION ALL SELECT CAST(NULL AS TIMESTAMP WITHOUT TIME ZONE) AS anon_1, min(transactions."at") AS min_3, max(transactions."at") AS max_2
FROM transactions JOIN selected ON selected.id = transactions.client_id
WHERE transactions."at" >= %(at_1)s::TIMESTAMP WITHOUT TIME ZONE AND transactions."at" < %(at_2)s::TIMESTAMP WITHOUT TIME ZONE OR transactions."at" >= %(at_3)s::TIMESTAMP WITHOUT TIME ZONE AND transactions."at" < %(at_4)s::TIMESTAMP WITHOUT TIME ZONE)
 SELECT min(found.first_ever) AS min_1, min(found.first) AS min_2, max(found.last) AS max_1
FROM found
