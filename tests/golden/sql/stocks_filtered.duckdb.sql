WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients
WHERE clients.type IN (%(type_1_1)s) AND clients.id IN (SELECT client_tags.client_id
FROM client_tags
WHERE client_tags.tag IN (%(tag_1_1)s, %(tag_1_2)s)) AND clients.owner_id IN (%(owner_id_1_1)s, %(owner_id_1_2)s)),
bucket_ends AS
(SELECT unnest(CAST(%(bucket_ends_day)s AS DATE[])) AS day, unnest(CAST(%(bucket_ends_low)s AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(bucket_ends_high)s AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(bucket_ends_rank)s AS INTEGER[])) AS rank),
lives AS
(SELECT selected.id AS id, selected.currency AS currency, CASE WHEN (selected.created_at >= %(created_at_1)s) THEN %(param_10)s WHEN (selected.created_at < %(created_at_2)s) THEN %(param_11)s ELSE bucket_ends_1.rank END AS born, coalesce(CASE WHEN (selected.closed_at >= %(closed_at_1)s) THEN %(param_12)s WHEN (selected.closed_at < %(closed_at_2)s) THEN %(param_13)s ELSE bucket_ends_2.rank END, %(coalesce_2)s) AS gone
FROM selected LEFT OUTER JOIN bucket_ends AS bucket_ends_1 ON CAST(selected.created_at AS DATE) = bucket_ends_1.day AND selected.created_at >= bucket_ends_1.low AND selected.created_at < bucket_ends_1.high LEFT OUTER JOIN bucket_ends AS bucket_ends_2 ON CAST(selected.closed_at AS DATE) = bucket_ends_2.day AND selected.closed_at >= bucket_ends_2.low AND selected.closed_at < bucket_ends_2.high
WHERE selected.created_at < %(created_at_3)s),
moves AS
(SELECT transactions.client_id AS client_id, %(param_9)s AS bucket, transactions.amount_micros AS amount, CASE WHEN (transactions.kind IN (%(kind_1_1)s, %(kind_1_2)s, %(kind_1_3)s) AND transactions.amount_micros < %(amount_micros_1)s) THEN transactions."at" END AS paid_at
FROM transactions JOIN lives ON lives.id = transactions.client_id
WHERE transactions."at" < %(at_1)s UNION ALL SELECT transactions.client_id AS client_id, CASE WHEN (transactions."at" >= %(at_2)s) THEN %(param_14)s WHEN (transactions."at" < %(at_3)s) THEN %(param_15)s ELSE bucket_ends_3.rank END AS bucket, transactions.amount_micros AS amount, CASE WHEN (transactions.kind IN (%(kind_1_1)s, %(kind_1_2)s, %(kind_1_3)s) AND transactions.amount_micros < %(amount_micros_1)s) THEN transactions."at" END AS paid_at
FROM transactions LEFT OUTER JOIN bucket_ends AS bucket_ends_3 ON CAST(transactions."at" AS DATE) = bucket_ends_3.day AND transactions."at" >= bucket_ends_3.low AND transactions."at" < bucket_ends_3.high JOIN lives ON lives.id = transactions.client_id
WHERE transactions."at" >= %(at_4)s AND transactions."at" < %(at_5)s UNION ALL SELECT lives.id AS id, %(param_9)s AS bucket, %(param_16)s AS amount, CAST(NULL AS TIMESTAMP WITHOUT TIME ZONE) AS paid_at
FROM lives),
changes AS
(SELECT moves.client_id AS client_id, moves.bucket AS bucket, sum(moves.amount) AS amount, max(moves.paid_at) AS paid_at
FROM moves GROUP BY moves.client_id, moves.bucket),
active_from AS
(SELECT unnest(CAST(%(active_from_day)s AS DATE[])) AS day, unnest(CAST(%(active_from_low)s AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(active_from_high)s AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(active_from_rank)s AS INTEGER[])) AS rank),
ranked_changes AS
(SELECT changes.client_id AS client_id, changes.bucket AS bucket, changes.amount AS amount, CASE WHEN (changes.paid_at >= %(paid_at_1)s) THEN %(param_7)s WHEN (changes.paid_at < %(paid_at_2)s) THEN %(param_8)s ELSE active_from_1.rank END AS active_until
FROM changes LEFT OUTER JOIN active_from AS active_from_1 ON CAST(changes.paid_at AS DATE) = active_from_1.day AND changes.paid_at >= active_from_1.low AND changes.paid_at < active_from_1.high),
steps AS
(SELECT ranked_changes.client_id AS client_id, ranked_changes.bucket AS low, lead(ranked_changes.bucket, %(lead_1)s, %(lead_2)s) OVER (PARTITION BY ranked_changes.client_id ORDER BY ranked_changes.bucket) AS high, sum(ranked_changes.amount) OVER (PARTITION BY ranked_changes.client_id ORDER BY ranked_changes.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS balance, max(ranked_changes.active_until) OVER (PARTITION BY ranked_changes.client_id ORDER BY ranked_changes.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS active_until
FROM ranked_changes),
pieces AS
(SELECT steps.client_id AS client_id, lives.currency AS currency, greatest(steps.low, lives.born) AS low, least(steps.high, lives.gone) AS high, steps.balance AS balance, steps.active_until AS active_until
FROM steps JOIN lives ON lives.id = steps.client_id
WHERE greatest(steps.low, lives.born) < least(steps.high, lives.gone)),
held AS
(SELECT subscriptions.client_id AS client_id, subscriptions.package_id AS package_id, CASE WHEN (subscriptions.started_at >= %(started_at_1)s) THEN %(param_20)s WHEN (subscriptions.started_at < %(started_at_2)s) THEN %(param_21)s ELSE bucket_ends_4.rank END AS low, coalesce(CASE WHEN (subscriptions.ended_at >= %(ended_at_1)s) THEN %(param_22)s WHEN (subscriptions.ended_at < %(ended_at_2)s) THEN %(param_23)s ELSE bucket_ends_5.rank END, %(coalesce_3)s) AS high
FROM subscriptions LEFT OUTER JOIN bucket_ends AS bucket_ends_4 ON CAST(subscriptions.started_at AS DATE) = bucket_ends_4.day AND subscriptions.started_at >= bucket_ends_4.low AND subscriptions.started_at < bucket_ends_4.high LEFT OUTER JOIN bucket_ends AS bucket_ends_5 ON CAST(subscriptions.ended_at AS DATE) = bucket_ends_5.day AND subscriptions.ended_at >= bucket_ends_5.low AND subscriptions.ended_at < bucket_ends_5.high
WHERE subscriptions.package_id IN (%(package_id_1_1)s, %(package_id_1_2)s)),
any_held_marked AS
(SELECT held.client_id AS client_id, held.low AS low, held.high AS high, max(held.high) OVER (PARTITION BY held.client_id ORDER BY held.low, held.high ROWS BETWEEN UNBOUNDED PRECEDING AND %(param_19)s PRECEDING) AS reached
FROM held),
any_held_numbered AS
(SELECT any_held_marked.client_id AS client_id, any_held_marked.low AS low, any_held_marked.high AS high, sum(CASE WHEN (any_held_marked.low <= any_held_marked.reached) THEN %(param_17)s ELSE %(param_18)s END) OVER (PARTITION BY any_held_marked.client_id ORDER BY any_held_marked.low, any_held_marked.high ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
FROM any_held_marked),
any_held AS
(SELECT any_held_numbered.client_id AS client_id, min(any_held_numbered.low) AS low, max(any_held_numbered.high) AS high
FROM any_held_numbered GROUP BY any_held_numbered.client_id, any_held_numbered.island),
scoped AS
(SELECT %(param_6)s AS scope, CAST(NULL AS BIGINT) AS package_id, pieces.currency AS currency, greatest(pieces.low, any_held.low) AS low, least(pieces.high, any_held.high) AS high, pieces.balance AS balance, pieces.active_until AS active_until
FROM pieces JOIN any_held ON any_held.client_id = pieces.client_id
WHERE greatest(pieces.low, any_held.low) < least(pieces.high, any_held.high)),
events AS
(SELECT scoped.scope AS scope, scoped.package_id AS package_id, scoped.currency AS currency, scoped.low AS bucket, scoped.balance AS balance, CASE WHEN (coalesce(scoped.active_until, %(coalesce_1)s) > scoped.low) THEN %(param_1)s ELSE %(param_2)s END AS active, CASE WHEN (scoped.active_until IS NOT NULL) THEN %(param_3)s ELSE %(param_4)s END AS overall_active, %(param_5)s AS "all"
FROM scoped UNION ALL SELECT scoped.scope AS scope, scoped.package_id AS package_id, scoped.currency AS currency, scoped.high AS bucket, scoped.balance AS balance, %(param_24)s AS active, -CASE WHEN (scoped.active_until IS NOT NULL) THEN %(param_3)s ELSE %(param_4)s END AS overall_active, -%(param_5)s AS "all"
FROM scoped
WHERE scoped.high < %(high_1)s UNION ALL SELECT scoped.scope AS scope, scoped.package_id AS package_id, scoped.currency AS currency, least(scoped.high, scoped.active_until) AS bucket, scoped.balance AS balance, -%(param_5)s AS active, %(param_24)s AS overall_active, %(param_24)s AS "all"
FROM scoped
WHERE coalesce(scoped.active_until, %(coalesce_1)s) > scoped.low AND least(scoped.high, scoped.active_until) < %(least_4)s)
 SELECT events.scope, events.package_id, events.currency, events.bucket, CAST(sum(events.active) AS BIGINT) AS active_qty, CAST(sum(events.active * greatest(events.balance, %(greatest_1)s)) AS VARCHAR) AS active_pos, CAST(sum(events.active * least(events.balance, %(least_1)s)) AS VARCHAR) AS active_neg, CAST(sum(events.overall_active) AS BIGINT) AS overall_active_qty, CAST(sum(events.overall_active * greatest(events.balance, %(greatest_2)s)) AS VARCHAR) AS overall_active_pos, CAST(sum(events.overall_active * least(events.balance, %(least_2)s)) AS VARCHAR) AS overall_active_neg, CAST(sum(events."all") AS BIGINT) AS all_qty, CAST(sum(events."all" * greatest(events.balance, %(greatest_3)s)) AS VARCHAR) AS all_pos, CAST(sum(events."all" * least(events.balance, %(least_3)s)) AS VARCHAR) AS all_neg
FROM events GROUP BY events.scope, events.package_id, events.currency, events.bucket
