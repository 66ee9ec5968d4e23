WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients),
lives AS
(SELECT selected.id AS id, selected.currency AS currency, CASE WHEN (selected.created_at >= %(created_at_1)s) THEN %(param_26)s WHEN (selected.created_at IS NOT NULL) THEN %(param_27)s END AS born, coalesce(CASE WHEN (selected.closed_at >= %(closed_at_1)s) THEN %(param_28)s WHEN (selected.closed_at IS NOT NULL) THEN %(param_29)s END, %(coalesce_2)s) AS gone
FROM selected
WHERE selected.created_at < %(created_at_2)s),
moves AS
(SELECT client_months.client_id AS client_id, %(param_22)s AS bucket, client_months.amount_micros AS amount, client_months.paid_at AS paid_at
FROM client_months
WHERE client_months.month < %(month_1)s UNION ALL SELECT transactions.client_id AS client_id, %(param_23)s AS bucket, sum(transactions.amount_micros) AS amount, max(CASE WHEN (transactions.kind IN (%(kind_1_1)s, %(kind_1_2)s, %(kind_1_3)s) AND transactions.amount_micros < %(amount_micros_1)s) THEN transactions."at" END) AS paid_at
FROM transactions
WHERE transactions."at" >= %(at_1)s AND transactions."at" < %(at_2)s GROUP BY transactions.client_id UNION ALL SELECT lives.id AS client_id, %(param_24)s AS bucket, %(param_25)s AS amount, CAST(NULL AS TIMESTAMP WITHOUT TIME ZONE) AS paid_at
FROM lives),
changes AS
(SELECT moves.client_id AS client_id, moves.bucket AS bucket, sum(moves.amount) AS amount, max(moves.paid_at) AS paid_at
FROM moves GROUP BY moves.client_id, moves.bucket),
ranked_changes AS
(SELECT changes.client_id AS client_id, changes.bucket AS bucket, changes.amount AS amount, CASE WHEN (changes.paid_at >= %(paid_at_1)s) THEN %(param_20)s WHEN (changes.paid_at IS NOT NULL) THEN %(param_21)s END AS active_until
FROM changes),
steps AS
(SELECT ranked_changes.client_id AS client_id, ranked_changes.bucket AS low, %(param_19)s AS high, ranked_changes.amount AS balance, ranked_changes.active_until AS active_until
FROM ranked_changes),
pieces AS
(SELECT steps.client_id AS client_id, lives.currency AS currency, greatest(steps.low, lives.born) AS low, least(steps.high, lives.gone) AS high, steps.balance AS balance, steps.active_until AS active_until
FROM steps JOIN lives ON lives.id = steps.client_id
WHERE greatest(steps.low, lives.born) < least(steps.high, lives.gone)),
whole_events AS
(SELECT pieces.currency AS currency, pieces.low AS bucket, greatest(pieces.balance, %(greatest_1)s) AS pos, least(pieces.balance, %(least_1)s) AS neg, CASE WHEN (coalesce(pieces.active_until, %(coalesce_1)s) > pieces.low) THEN %(param_14)s ELSE %(param_15)s END AS active, CASE WHEN (pieces.active_until IS NOT NULL) THEN %(param_16)s ELSE %(param_17)s END * %(param_18)s AS overall_active, %(param_18)s AS "all"
FROM pieces
WHERE pieces.low < %(low_1)s),
whole AS
(SELECT whole_events.currency AS currency, whole_events.bucket AS bucket, sum(whole_events.active) AS active_qty, sum(CASE WHEN (whole_events.active = %(active_1)s) THEN whole_events.pos WHEN (whole_events.active = %(active_2)s) THEN -whole_events.pos ELSE %(param_8)s END) AS active_pos, sum(CASE WHEN (whole_events.active = %(active_3)s) THEN whole_events.neg WHEN (whole_events.active = %(active_4)s) THEN -whole_events.neg ELSE %(param_9)s END) AS active_neg, sum(whole_events.overall_active) AS overall_active_qty, sum(CASE WHEN (whole_events.overall_active = %(overall_active_1)s) THEN whole_events.pos WHEN (whole_events.overall_active = %(overall_active_2)s) THEN -whole_events.pos ELSE %(param_10)s END) AS overall_active_pos, sum(CASE WHEN (whole_events.overall_active = %(overall_active_3)s) THEN whole_events.neg WHEN (whole_events.overall_active = %(overall_active_4)s) THEN -whole_events.neg ELSE %(param_11)s END) AS overall_active_neg, sum(whole_events."all") AS all_qty, sum(CASE WHEN (whole_events."all" = %(all_1)s) THEN whole_events.pos WHEN (whole_events."all" = %(all_2)s) THEN -whole_events.pos ELSE %(param_12)s END) AS all_pos, sum(CASE WHEN (whole_events."all" = %(all_3)s) THEN whole_events.neg WHEN (whole_events."all" = %(all_4)s) THEN -whole_events.neg ELSE %(param_13)s END) AS all_neg
FROM whole_events GROUP BY whole_events.currency, whole_events.bucket)
 SELECT %(param_1)s AS scope, %(param_2)s AS package_id, CASE whole.currency WHEN %(param_3)s THEN %(param_4)s WHEN %(param_5)s THEN %(param_6)s ELSE %(param_7)s END AS currency, whole.bucket, CAST(sum(whole.active_qty) AS BIGINT) AS active_qty, CAST(sum(whole.active_pos) AS VARCHAR) AS active_pos, CAST(sum(whole.active_neg) AS VARCHAR) AS active_neg, CAST(sum(whole.overall_active_qty) AS BIGINT) AS overall_active_qty, CAST(sum(whole.overall_active_pos) AS VARCHAR) AS overall_active_pos, CAST(sum(whole.overall_active_neg) AS VARCHAR) AS overall_active_neg, CAST(sum(whole.all_qty) AS BIGINT) AS all_qty, CAST(sum(whole.all_pos) AS VARCHAR) AS all_pos, CAST(sum(whole.all_neg) AS VARCHAR) AS all_neg
FROM whole GROUP BY whole.currency, whole.bucket
