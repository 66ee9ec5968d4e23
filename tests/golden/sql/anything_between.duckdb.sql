SELECT %(param_1)s AS anon_1
WHERE (EXISTS (SELECT *
FROM transactions
WHERE transactions."at" >= %(at_1)s AND transactions."at" < %(at_2)s)) OR (EXISTS (SELECT *
FROM clients
WHERE clients.created_at >= %(created_at_1)s AND clients.created_at < %(created_at_2)s)) OR (EXISTS (SELECT *
FROM clients
WHERE clients.closed_at >= %(closed_at_1)s AND clients.closed_at < %(closed_at_2)s))
