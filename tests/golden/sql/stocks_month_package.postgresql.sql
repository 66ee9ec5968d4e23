WITH bucket_ends AS
(SELECT unnest(CAST(%(bucket_ends_day)s::DATE[] AS DATE[])) AS day, unnest(CAST(%(bucket_ends_low)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(bucket_ends_high)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(bucket_ends_rank)s::INTEGER[] AS INTEGER[])) AS rank),
selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients),
lives AS
(SELECT selected.id AS id, selected.currency AS currency, CASE WHEN (selected.created_at >= %(created_at_1)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_13)s::INTEGER WHEN (selected.created_at < %(created_at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_14)s::INTEGER ELSE bucket_ends_1.rank END AS born, coalesce(CASE WHEN (selected.closed_at >= %(closed_at_1)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_15)s::INTEGER WHEN (selected.closed_at < %(closed_at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_16)s::INTEGER ELSE bucket_ends_2.rank END, %(coalesce_2)s::INTEGER) AS gone
FROM selected LEFT OUTER JOIN bucket_ends AS bucket_ends_1 ON CAST(selected.created_at AS DATE) = bucket_ends_1.day AND selected.created_at >= bucket_ends_1.low AND selected.created_at < bucket_ends_1.high LEFT OUTER JOIN bucket_ends AS bucket_ends_2 ON CAST(selected.closed_at AS DATE) = bucket_ends_2.day AND selected.closed_at >= bucket_ends_2.low AND selected.closed_at < bucket_ends_2.high
WHERE selected.created_at < %(created_at_3)s::TIMESTAMP WITHOUT TIME ZONE),
moves AS
(SELECT transactions.client_id AS client_id, %(param_9)s::INTEGER AS bucket, transactions.amount_micros AS amount, CASE WHEN (transactions.kind IN (%(kind_1_1)s::VARCHAR, %(kind_1_2)s::VARCHAR, %(kind_1_3)s::VARCHAR) AND transactions.amount_micros < %(amount_micros_1)s::BIGINT) THEN transactions."at" END AS paid_at
FROM transactions
WHERE transactions."at" < %(at_1)s::TIMESTAMP WITHOUT TIME ZONE UNION ALL SELECT transactions.client_id AS client_id, CASE WHEN (transactions."at" >= %(at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_10)s::INTEGER WHEN (transactions."at" < %(at_3)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_11)s::INTEGER ELSE bucket_ends_3.rank END AS bucket, transactions.amount_micros AS amount, CASE WHEN (transactions.kind IN (%(kind_1_1)s::VARCHAR, %(kind_1_2)s::VARCHAR, %(kind_1_3)s::VARCHAR) AND transactions.amount_micros < %(amount_micros_1)s::BIGINT) THEN transactions."at" END AS paid_at
FROM transactions LEFT OUTER JOIN bucket_ends AS bucket_ends_3 ON CAST(transactions."at" AS DATE) = bucket_ends_3.day AND transactions."at" >= bucket_ends_3.low AND transactions."at" < bucket_ends_3.high
WHERE transactions."at" >= %(at_4)s::TIMESTAMP WITHOUT TIME ZONE AND transactions."at" < %(at_5)s::TIMESTAMP WITHOUT TIME ZONE UNION ALL SELECT lives.id AS id, %(param_9)s::INTEGER AS bucket, %(param_12)s::BIGINT AS amount, CAST(NULL AS TIMESTAMP WITHOUT TIME ZONE) AS paid_at
FROM lives),
changes AS
(SELECT moves.client_id AS client_id, moves.bucket AS bucket, sum(moves.amount) AS amount, max(moves.paid_at) AS paid_at
FROM moves GROUP BY moves.client_id, moves.bucket),
active_from AS
(SELECT unnest(CAST(%(active_from_day)s::DATE[] AS DATE[])) AS day, unnest(CAST(%(active_from_low)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(active_from_high)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(active_from_rank)s::INTEGER[] AS INTEGER[])) AS rank),
ranked_changes AS
(SELECT changes.client_id AS client_id, changes.bucket AS bucket, changes.amount AS amount, CASE WHEN (changes.paid_at >= %(paid_at_1)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_7)s::INTEGER WHEN (changes.paid_at < %(paid_at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_8)s::INTEGER ELSE active_from_1.rank END AS active_until
FROM changes LEFT OUTER JOIN active_from AS active_from_1 ON CAST(changes.paid_at AS DATE) = active_from_1.day AND changes.paid_at >= active_from_1.low AND changes.paid_at < active_from_1.high),
steps AS
(SELECT ranked_changes.client_id AS client_id, ranked_changes.bucket AS low, lead(ranked_changes.bucket, %(lead_1)s::INTEGER, %(lead_2)s::INTEGER) OVER (PARTITION BY ranked_changes.client_id ORDER BY ranked_changes.bucket) AS high, sum(ranked_changes.amount) OVER (PARTITION BY ranked_changes.client_id ORDER BY ranked_changes.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS balance, max(ranked_changes.active_until) OVER (PARTITION BY ranked_changes.client_id ORDER BY ranked_changes.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS active_until
FROM ranked_changes),
pieces AS
(SELECT steps.client_id AS client_id, lives.currency AS currency, greatest(steps.low, lives.born) AS low, least(steps.high, lives.gone) AS high, steps.balance AS balance, steps.active_until AS active_until
FROM steps JOIN lives ON lives.id = steps.client_id
WHERE greatest(steps.low, lives.born) < least(steps.high, lives.gone)),
held AS
(SELECT subscriptions.client_id AS client_id, subscriptions.package_id AS package_id, CASE WHEN (subscriptions.started_at >= %(started_at_1)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_21)s::INTEGER WHEN (subscriptions.started_at < %(started_at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_22)s::INTEGER ELSE bucket_ends_4.rank END AS low, coalesce(CASE WHEN (subscriptions.ended_at >= %(ended_at_1)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_23)s::INTEGER WHEN (subscriptions.ended_at < %(ended_at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_24)s::INTEGER ELSE bucket_ends_5.rank END, %(coalesce_3)s::INTEGER) AS high
FROM subscriptions LEFT OUTER JOIN bucket_ends AS bucket_ends_4 ON CAST(subscriptions.started_at AS DATE) = bucket_ends_4.day AND subscriptions.started_at >= bucket_ends_4.low AND subscriptions.started_at < bucket_ends_4.high LEFT OUTER JOIN bucket_ends AS bucket_ends_5 ON CAST(subscriptions.ended_at AS DATE) = bucket_ends_5.day AND subscriptions.ended_at >= bucket_ends_5.low AND subscriptions.ended_at < bucket_ends_5.high),
package_held_marked AS
(SELECT held.client_id AS client_id, held.package_id AS package_id, held.low AS low, held.high AS high, max(held.high) OVER (PARTITION BY held.client_id, held.package_id ORDER BY held.low, held.high ROWS BETWEEN UNBOUNDED PRECEDING AND %(param_20)s::INTEGER PRECEDING) AS reached
FROM held),
package_held_numbered AS
(SELECT package_held_marked.client_id AS client_id, package_held_marked.package_id AS package_id, package_held_marked.low AS low, package_held_marked.high AS high, sum(CASE WHEN (package_held_marked.low <= package_held_marked.reached) THEN %(param_18)s::INTEGER ELSE %(param_19)s::INTEGER END) OVER (PARTITION BY package_held_marked.client_id, package_held_marked.package_id ORDER BY package_held_marked.low, package_held_marked.high ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
FROM package_held_marked),
package_held AS
(SELECT package_held_numbered.client_id AS client_id, package_held_numbered.package_id AS package_id, min(package_held_numbered.low) AS low, max(package_held_numbered.high) AS high
FROM package_held_numbered GROUP BY package_held_numbered.client_id, package_held_numbered.package_id, package_held_numbered.island),
any_held_marked AS
(SELECT held.client_id AS client_id, held.low AS low, held.high AS high, max(held.high) OVER (PARTITION BY held.client_id ORDER BY held.low, held.high ROWS BETWEEN UNBOUNDED PRECEDING AND %(param_28)s::INTEGER PRECEDING) AS reached
FROM held),
any_held_numbered AS
(SELECT any_held_marked.client_id AS client_id, any_held_marked.low AS low, any_held_marked.high AS high, sum(CASE WHEN (any_held_marked.low <= any_held_marked.reached) THEN %(param_26)s::INTEGER ELSE %(param_27)s::INTEGER END) OVER (PARTITION BY any_held_marked.client_id ORDER BY any_held_marked.low, any_held_marked.high ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
FROM any_held_marked),
any_held AS
(SELECT any_held_numbered.client_id AS client_id, min(any_held_numbered.low) AS low, max(any_held_numbered.high) AS high
FROM any_held_numbered GROUP BY any_held_numbered.client_id, any_held_numbered.island),
scoped AS
(SELECT %(param_6)s::VARCHAR AS scope, CAST(NULL AS BIGINT) AS package_id, pieces.currency AS currency, pieces.low AS low, pieces.high AS high, pieces.balance AS balance, pieces.active_until AS active_until
FROM pieces UNION ALL SELECT %(param_17)s::VARCHAR AS scope, package_held.package_id AS package_id, pieces.currency AS currency, greatest(pieces.low, package_held.low) AS low, least(pieces.high, package_held.high) AS high, pieces.balance AS balance, pieces.active_until AS active_until
FROM pieces JOIN package_held ON package_held.client_id = pieces.client_id
WHERE greatest(pieces.low, package_held.low) < least(pieces.high, package_held.high) UNION ALL SELECT %(param_25)s::VARCHAR AS scope, CAST(NULL AS BIGINT) AS package_id, pieces.currency AS currency, greatest(pieces.low, any_held.low) AS low, least(pieces.high, any_held.high) AS high, pieces.balance AS balance, pieces.active_until AS active_until
FROM pieces JOIN any_held ON any_held.client_id = pieces.client_id
WHERE greatest(pieces.low, any_held.low) < least(pieces.high, any_held.high)),
events AS
(SELECT scoped.scope AS scope, scoped.package_id AS package_id, scoped.currency AS currency, scoped.low AS bucket, scoped.balance AS balance, CASE WHEN (coalesce(scoped.active_until, %(coalesce_1)s::INTEGER) > scoped.low) THEN %(param_1)s::INTEGER ELSE %(param_2)s::INTEGER END AS active, CASE WHEN (scoped.active_until IS NOT NULL) THEN %(param_3)s::INTEGER ELSE %(param_4)s::INTEGER END AS overall_active, %(param_5)s::INTEGER AS "all"
FROM scoped UNION ALL SELECT scoped.scope AS scope, scoped.package_id AS package_id, scoped.currency AS currency, scoped.high AS bucket, scoped.balance AS balance, %(param_29)s::INTEGER AS active, -CASE WHEN (scoped.active_until IS NOT NULL) THEN %(param_3)s::INTEGER ELSE %(param_4)s::INTEGER END AS overall_active, -%(param_5)s::INTEGER AS "all"
FROM scoped
WHERE scoped.high < %(high_1)s::INTEGER UNION ALL SELECT scoped.scope AS scope, scoped.package_id AS package_id, scoped.currency AS currency, least(scoped.high, scoped.active_until) AS bucket, scoped.balance AS balance, -%(param_5)s::INTEGER AS active, %(param_29)s::INTEGER AS overall_active, %(param_29)s::INTEGER AS "all"
FROM scoped
WHERE coalesce(scoped.active_until, %(coalesce_1)s::INTEGER) > scoped.low AND least(scoped.high, scoped.active_until) < %(least_4)s::INTEGER)
 SELECT events.scope, events.package_id, events.currency, events.bucket, CAST(sum(events.active) AS BIGINT) AS active_qty, CAST(sum(events.active * greatest(events.balance, %(greatest_1)s::INTEGER)) AS VARCHAR) AS active_pos, CAST(sum(events.active * least(events.balance, %(least_1)s::INTEGER)) AS VARCHAR) AS active_neg, CAST(sum(events.overall_active) AS BIGINT) AS overall_active_qty, CAST(sum(events.overall_active * greatest(events.balance, %(greatest_2)s::INTEGER)) AS VARCHAR) AS overall_active_pos, CAST(sum(events.overall_active * least(events.balance, %(least_2)s::INTEGER)) AS VARCHAR) AS overall_active_neg, CAST(sum(events."all") AS BIGINT) AS all_qty, CAST(sum(events."all" * greatest(events.balance, %(greatest_3)s::INTEGER)) AS VARCHAR) AS all_pos, CAST(sum(events."all" * least(events.balance, %(least_3)s::INTEGER)) AS VARCHAR) AS all_neg
FROM events GROUP BY events.scope, events.package_id, events.currency, events.bucket
