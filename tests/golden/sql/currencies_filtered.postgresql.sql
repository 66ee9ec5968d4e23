WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients
WHERE clients.type IN (%(type_1_1)s::VARCHAR) AND clients.id IN (SELECT client_tags.client_id
FROM client_tags
WHERE client_tags.tag IN (%(tag_1_1)s::VARCHAR, %(tag_1_2)s::VARCHAR)) AND clients.owner_id IN (%(owner_id_1_1)s::BIGINT, %(owner_id_1_2)s::BIGINT))
 SELECT selected.currency, min(selected.created_at) AS min_1
FROM selected GROUP BY selected.currency
