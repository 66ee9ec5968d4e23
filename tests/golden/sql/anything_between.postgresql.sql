SELECT %(param_1)s::INTEGER AS anon_1
WHERE (EXISTS (SELECT *
FROM transactions
WHERE transactions."at" >= %(at_1)s::TIMESTAMP WITHOUT TIME ZONE AND transactions."at" < %(at_2)s::TIMESTAMP WITHOUT TIME ZONE)) OR (EXISTS (SELECT *
FROM clients
WHERE clients.created_at >= %(created_at_1)s::TIMESTAMP WITHOUT TIME ZONE AND clients.created_at < %(created_at_2)s::TIMESTAMP WITHOUT TIME ZONE)) OR (EXISTS (SELECT *
FROM clients
WHERE clients.closed_at >= %(closed_at_1)s::TIMESTAMP WITHOUT TIME ZONE AND clients.closed_at < %(closed_at_2)s::TIMESTAMP WITHOUT TIME ZONE))
