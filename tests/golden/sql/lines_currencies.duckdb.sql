WITH groups AS
(SELECT client_groups.group_id AS group_id, client_groups.currency AS currency, client_groups.created_at AS created_at
FROM client_groups
WHERE client_groups.type IN (%(type_1_1)s) AND client_groups.owner_id IN (%(owner_id_1_1)s, %(owner_id_1_2)s))
 SELECT groups.currency, min(groups.created_at) AS min_1
FROM groups GROUP BY groups.currency
