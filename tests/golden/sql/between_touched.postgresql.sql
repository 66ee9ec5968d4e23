WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients
WHERE clients.type IN (SELECT unnest(CAST(%(param_1)s::VARCHAR[] AS VARCHAR[])) AS value) AND clients.id IN (SELECT client_tags.client_id
FROM client_tags
WHERE client_tags.tag IN (SELECT unnest(CAST(%(param_2)s::VARCHAR[] AS VARCHAR[])) AS value)) AND clients.currency IN (SELECT unnest(CAST(%(param_3)s::VARCHAR(3)[] AS VARCHAR(3)[])) AS value) AND clients.owner_id IN (SELECT unnest(CAST(%(param_4)s::BIGINT[] AS BIGINT[])) AS value) AND (clients.id IN (SELECT transactions.client_id
FROM transactions
WHERE transactions."at" >= %(at_1)s::TIMESTAMP WITHOUT TIME ZONE AND transactions."at" < %(at_2)s::TIMESTAMP WITHOUT TIME ZONE) OR clients.created_at >= %(created_at_1)s::TIMESTAMP WITHOUT TIME ZONE AND clients.created_at < %(created_at_2)s::TIMESTAMP WITHOUT TIME ZONE OR clients.closed_at >= %(closed_at_1)s::TIMESTAMP WITHOUT TIME ZONE AND clients.closed_at < %(closed_at_2)s::TIMESTAMP WITHOUT TIME ZONE))
 SELECT min(transactions."at") AS min_1, max(transactions."at") AS max_1
FROM transactions JOIN selected ON selected.id = transactions.client_id
WHERE transactions."at" >= %(at_3)s::TIMESTAMP WITHOUT TIME ZONE AND transactions."at" < %(at_4)s::TIMESTAMP WITHOUT TIME ZONE
