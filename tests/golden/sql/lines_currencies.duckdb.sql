SELECT client_groups.currency, min(client_groups.created_at) AS min_1
FROM client_groups
WHERE client_groups.type IN (%(type_1_1)s) AND client_groups.owner_id IN (%(owner_id_1_1)s, %(owner_id_1_2)s) GROUP BY client_groups.currency
