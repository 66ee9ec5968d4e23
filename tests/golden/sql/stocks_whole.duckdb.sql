WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients),
lives AS
(SELECT selected.id AS id, selected.currency AS currency, CASE WHEN (selected.created_at >= %(created_at_1)s) THEN %(param_12)s WHEN (selected.created_at IS NOT NULL) THEN %(param_13)s END AS born, coalesce(CASE WHEN (selected.closed_at >= %(closed_at_1)s) THEN %(param_14)s WHEN (selected.closed_at IS NOT NULL) THEN %(param_15)s END, %(coalesce_2)s) AS gone
FROM selected
WHERE selected.created_at < %(created_at_2)s),
moves AS
(SELECT transactions.client_id AS client_id, %(param_10)s AS bucket, transactions.amount_micros AS amount, CASE WHEN (transactions.kind IN (%(kind_1_1)s, %(kind_1_2)s, %(kind_1_3)s) AND transactions.amount_micros < %(amount_micros_1)s) THEN transactions."at" END AS paid_at
FROM transactions
WHERE transactions."at" < %(at_1)s UNION ALL SELECT lives.id AS id, %(param_10)s AS bucket, %(param_11)s AS amount, CAST(NULL AS TIMESTAMP WITHOUT TIME ZONE) AS paid_at
FROM lives),
changes AS
(SELECT moves.client_id AS client_id, moves.bucket AS bucket, sum(moves.amount) AS amount, max(moves.paid_at) AS paid_at
FROM moves GROUP BY moves.client_id, moves.bucket),
ranked_changes AS
(SELECT changes.client_id AS client_id, changes.bucket AS bucket, changes.amount AS amount, CASE WHEN (changes.paid_at >= %(paid_at_1)s) THEN %(param_8)s WHEN (changes.paid_at IS NOT NULL) THEN %(param_9)s END AS active_until
FROM changes),
steps AS
(SELECT ranked_changes.client_id AS client_id, ranked_changes.bucket AS low, %(param_7)s AS high, ranked_changes.amount AS balance, ranked_changes.active_until AS active_until
FROM ranked_changes),
pieces AS
(SELECT steps.client_id AS client_id, lives.currency AS currency, greatest(steps.low, lives.born) AS low, least(steps.high, lives.gone) AS high, steps.balance AS balance, steps.active_until AS active_until
FROM steps JOIN lives ON lives.id = steps.client_id
WHERE greatest(steps.low, lives.born) < least(steps.high, lives.gone)),
scoped AS
(SELECT %(param_6)s AS scope, CAST(NULL AS BIGINT) AS package_id, pieces.currency AS currency, pieces.low AS low, pieces.high AS high, pieces.balance AS balance, pieces.active_until AS active_until
FROM pieces),
events AS
(SELECT scoped.scope AS scope, scoped.package_id AS package_id, scoped.currency AS currency, scoped.low AS bucket, scoped.balance AS balance, CASE WHEN (coalesce(scoped.active_until, %(coalesce_1)s) > scoped.low) THEN %(param_1)s ELSE %(param_2)s END AS active, CASE WHEN (scoped.active_until IS NOT NULL) THEN %(param_3)s ELSE %(param_4)s END AS overall_active, %(param_5)s AS "all"
FROM scoped)
 SELECT events.scope, events.package_id, events.currency, events.bucket, CAST(sum(events.active) AS BIGINT) AS active_qty, CAST(sum(events.active * greatest(events.balance, %(greatest_1)s)) AS VARCHAR) AS active_pos, CAST(sum(events.active * least(events.balance, %(least_1)s)) AS VARCHAR) AS active_neg, CAST(sum(events.overall_active) AS BIGINT) AS overall_active_qty, CAST(sum(events.overall_active * greatest(events.balance, %(greatest_2)s)) AS VARCHAR) AS overall_active_pos, CAST(sum(events.overall_active * least(events.balance, %(least_2)s)) AS VARCHAR) AS overall_active_neg, CAST(sum(events."all") AS BIGINT) AS all_qty, CAST(sum(events."all" * greatest(events.balance, %(greatest_3)s)) AS VARCHAR) AS all_pos, CAST(sum(events."all" * least(events.balance, %(least_3)s)) AS VARCHAR) AS all_neg
FROM events GROUP BY events.scope, events.package_id, events.currency, events.bucket
