WITH selected AS
(SELECT clients.id AS id, clients.currency AS currency, clients.created_at AS created_at, clients.closed_at AS closed_at
FROM clients
WHERE clients.type IN (SELECT unnest(CAST(%(param_31)s::VARCHAR[] AS VARCHAR[])) AS value) AND clients.id IN (SELECT client_tags.client_id
FROM client_tags
WHERE client_tags.tag IN (SELECT unnest(CAST(%(param_32)s::VARCHAR[] AS VARCHAR[])) AS value)) AND clients.currency IN (SELECT unnest(CAST(%(param_33)s::VARCHAR(3)[] AS VARCHAR(3)[])) AS value) AND clients.owner_id IN (SELECT unnest(CAST(%(param_34)s::BIGINT[] AS BIGINT[])) AS value)),
bucket_ends AS
(SELECT unnest(CAST(%(bucket_ends_day)s::DATE[] AS DATE[])) AS day, unnest(CAST(%(bucket_ends_low)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(bucket_ends_high)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(bucket_ends_rank)s::INTEGER[] AS INTEGER[])) AS rank),
lives AS
(SELECT selected.id AS id, selected.currency AS currency, CASE WHEN (selected.created_at >= %(created_at_1)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_27)s::INTEGER WHEN (selected.created_at < %(created_at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_28)s::INTEGER ELSE bucket_ends_1.rank END AS born, coalesce(CASE WHEN (selected.closed_at >= %(closed_at_1)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_29)s::INTEGER WHEN (selected.closed_at < %(closed_at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_30)s::INTEGER ELSE bucket_ends_2.rank END, %(coalesce_2)s::INTEGER) AS gone
FROM selected LEFT OUTER JOIN bucket_ends AS bucket_ends_1 ON CAST(selected.created_at AS DATE) = bucket_ends_1.day AND selected.created_at >= bucket_ends_1.low AND selected.created_at < bucket_ends_1.high LEFT OUTER JOIN bucket_ends AS bucket_ends_2 ON CAST(selected.closed_at AS DATE) = bucket_ends_2.day AND selected.closed_at >= bucket_ends_2.low AND selected.closed_at < bucket_ends_2.high
WHERE selected.created_at < %(created_at_3)s::TIMESTAMP WITHOUT TIME ZONE),
stretches AS
(SELECT unnest(CAST(%(stretches_day)s::DATE[] AS DATE[])) AS day, unnest(CAST(%(stretches_low)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(stretches_high)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(stretches_bucket)s::INTEGER[] AS INTEGER[])) AS bucket),
moves AS
(SELECT client_months.client_id AS client_id, %(param_26)s::INTEGER AS bucket, client_months.amount_micros AS amount, client_months.paid_at AS paid_at
FROM client_months JOIN lives ON lives.id = client_months.client_id
WHERE client_months.month < %(month_1)s::DATE UNION ALL SELECT transactions.client_id AS client_id, stretches.bucket AS bucket, sum(transactions.amount_micros) AS amount, max(CASE WHEN (transactions.kind IN (%(kind_1_1)s::VARCHAR, %(kind_1_2)s::VARCHAR, %(kind_1_3)s::VARCHAR) AND transactions.amount_micros < %(amount_micros_1)s::BIGINT) THEN transactions."at" END) AS paid_at
FROM transactions JOIN stretches ON CAST(transactions."at" AS DATE) = stretches.day AND transactions."at" >= stretches.low AND transactions."at" < stretches.high JOIN lives ON lives.id = transactions.client_id
WHERE transactions."at" >= %(at_1)s::TIMESTAMP WITHOUT TIME ZONE AND transactions."at" < %(at_2)s::TIMESTAMP WITHOUT TIME ZONE GROUP BY transactions.client_id, stretches.bucket UNION ALL SELECT lives.id AS client_id, %(param_35)s::INTEGER AS bucket, %(param_36)s::BIGINT AS amount, CAST(NULL AS TIMESTAMP WITHOUT TIME ZONE) AS paid_at
FROM lives),
changes AS
(SELECT moves.client_id AS client_id, moves.bucket AS bucket, sum(moves.amount) AS amount, max(moves.paid_at) AS paid_at
FROM moves GROUP BY moves.client_id, moves.bucket),
active_from AS
(SELECT unnest(CAST(%(active_from_day)s::DATE[] AS DATE[])) AS day, unnest(CAST(%(active_from_low)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS low, unnest(CAST(%(active_from_high)s::TIMESTAMP WITHOUT TIME ZONE[] AS TIMESTAMP WITHOUT TIME ZONE[])) AS high, unnest(CAST(%(active_from_rank)s::INTEGER[] AS INTEGER[])) AS rank),
ranked_changes AS
(SELECT changes.client_id AS client_id, changes.bucket AS bucket, changes.amount AS amount, CASE WHEN (changes.paid_at >= %(paid_at_1)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_24)s::INTEGER WHEN (changes.paid_at < %(paid_at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_25)s::INTEGER ELSE active_from_1.rank END AS active_until
FROM changes LEFT OUTER JOIN active_from AS active_from_1 ON CAST(changes.paid_at AS DATE) = active_from_1.day AND changes.paid_at >= active_from_1.low AND changes.paid_at < active_from_1.high),
steps AS
(SELECT ranked_changes.client_id AS client_id, ranked_changes.bucket AS low, lead(ranked_changes.bucket, %(lead_1)s::INTEGER, %(lead_2)s::INTEGER) OVER (PARTITION BY ranked_changes.client_id ORDER BY ranked_changes.bucket) AS high, sum(ranked_changes.amount) OVER (PARTITION BY ranked_changes.client_id ORDER BY ranked_changes.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS balance, max(ranked_changes.active_until) OVER (PARTITION BY ranked_changes.client_id ORDER BY ranked_changes.bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS active_until
FROM ranked_changes),
pieces AS
(SELECT steps.client_id AS client_id, lives.currency AS currency, greatest(steps.low, lives.born) AS low, least(steps.high, lives.gone) AS high, steps.balance AS balance, steps.active_until AS active_until
FROM steps JOIN lives ON lives.id = steps.client_id
WHERE greatest(steps.low, lives.born) < least(steps.high, lives.gone)),
held AS
(SELECT holdings.client_id AS client_id, holdings.package_set AS package_set, CASE WHEN (holdings.started_at >= %(started_at_1)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_37)s::INTEGER WHEN (holdings.started_at < %(started_at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_38)s::INTEGER ELSE bucket_ends_3.rank END AS low, coalesce(CASE WHEN (holdings.ended_at >= %(ended_at_1)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_39)s::INTEGER WHEN (holdings.ended_at < %(ended_at_2)s::TIMESTAMP WITHOUT TIME ZONE) THEN %(param_40)s::INTEGER ELSE bucket_ends_4.rank END, %(coalesce_3)s::INTEGER) AS high
FROM holdings LEFT OUTER JOIN bucket_ends AS bucket_ends_3 ON CAST(holdings.started_at AS DATE) = bucket_ends_3.day AND holdings.started_at >= bucket_ends_3.low AND holdings.started_at < bucket_ends_3.high LEFT OUTER JOIN bucket_ends AS bucket_ends_4 ON CAST(holdings.ended_at AS DATE) = bucket_ends_4.day AND holdings.ended_at >= bucket_ends_4.low AND holdings.ended_at < bucket_ends_4.high
WHERE holdings.package_set IN (SELECT package_sets.package_set
FROM package_sets
WHERE package_sets.package_id IN (SELECT unnest(CAST(%(param_41)s::BIGINT[] AS BIGINT[])) AS value))),
while_held AS
(SELECT held.package_set AS package_set, pieces.currency AS currency, greatest(pieces.low, held.low) AS low, least(pieces.high, held.high) AS high, pieces.balance AS balance, pieces.active_until AS active_until
FROM pieces JOIN held ON held.client_id = pieces.client_id
WHERE greatest(pieces.low, held.low) < least(pieces.high, held.high)),
by_set_turns AS
(SELECT unnest(CAST(%(by_set_turns_turn)s::INTEGER[] AS INTEGER[])) AS turn),
by_set_events AS
(SELECT while_held.package_set AS package_set, while_held.currency AS currency, CASE WHEN (by_set_turns.turn = %(turn_1)s::INTEGER) THEN while_held.low WHEN (by_set_turns.turn = %(turn_2)s::INTEGER) THEN while_held.high ELSE least(while_held.high, greatest(while_held.low, while_held.active_until)) END AS bucket, greatest(while_held.balance, %(greatest_1)s::INTEGER) AS pos, least(while_held.balance, %(least_1)s::INTEGER) AS neg, CASE WHEN (coalesce(while_held.active_until, %(coalesce_1)s::INTEGER) > while_held.low) THEN %(param_14)s::INTEGER ELSE %(param_15)s::INTEGER END * CASE WHEN (by_set_turns.turn = %(turn_3)s::INTEGER) THEN %(param_16)s::INTEGER WHEN (by_set_turns.turn = %(turn_4)s::INTEGER) THEN %(param_17)s::INTEGER ELSE %(param_18)s::INTEGER END AS active, CASE WHEN (while_held.active_until IS NOT NULL) THEN %(param_19)s::INTEGER ELSE %(param_20)s::INTEGER END * CASE WHEN (by_set_turns.turn = %(turn_5)s::INTEGER) THEN %(param_21)s::INTEGER WHEN (by_set_turns.turn = %(turn_6)s::INTEGER) THEN %(param_22)s::INTEGER ELSE %(param_23)s::INTEGER END AS overall_active, CASE WHEN (by_set_turns.turn = %(turn_5)s::INTEGER) THEN %(param_21)s::INTEGER WHEN (by_set_turns.turn = %(turn_6)s::INTEGER) THEN %(param_22)s::INTEGER ELSE %(param_23)s::INTEGER END AS "all"
FROM while_held JOIN by_set_turns ON true
WHERE CASE WHEN (by_set_turns.turn = %(turn_1)s::INTEGER) THEN while_held.low WHEN (by_set_turns.turn = %(turn_2)s::INTEGER) THEN while_held.high ELSE least(while_held.high, greatest(while_held.low, while_held.active_until)) END < %(param_42)s::INTEGER),
by_set AS
(SELECT by_set_events.package_set AS package_set, by_set_events.currency AS currency, by_set_events.bucket AS bucket, sum(by_set_events.active) AS active_qty, sum(CASE WHEN (by_set_events.active = %(active_1)s::INTEGER) THEN by_set_events.pos WHEN (by_set_events.active = %(active_2)s::INTEGER) THEN -by_set_events.pos ELSE %(param_8)s::INTEGER END) AS active_pos, sum(CASE WHEN (by_set_events.active = %(active_3)s::INTEGER) THEN by_set_events.neg WHEN (by_set_events.active = %(active_4)s::INTEGER) THEN -by_set_events.neg ELSE %(param_9)s::INTEGER END) AS active_neg, sum(by_set_events.overall_active) AS overall_active_qty, sum(CASE WHEN (by_set_events.overall_active = %(overall_active_1)s::INTEGER) THEN by_set_events.pos WHEN (by_set_events.overall_active = %(overall_active_2)s::INTEGER) THEN -by_set_events.pos ELSE %(param_10)s::INTEGER END) AS overall_active_pos, sum(CASE WHEN (by_set_events.overall_active = %(overall_active_3)s::INTEGER) THEN by_set_events.neg WHEN (by_set_events.overall_active = %(overall_active_4)s::INTEGER) THEN -by_set_events.neg ELSE %(param_11)s::INTEGER END) AS overall_active_neg, sum(by_set_events."all") AS all_qty, sum(CASE WHEN (by_set_events."all" = %(all_1)s::INTEGER) THEN by_set_events.pos WHEN (by_set_events."all" = %(all_2)s::INTEGER) THEN -by_set_events.pos ELSE %(param_12)s::INTEGER END) AS all_pos, sum(CASE WHEN (by_set_events."all" = %(all_3)s::INTEGER) THEN by_set_events.neg WHEN (by_set_events."all" = %(all_4)s::INTEGER) THEN -by_set_events.neg ELSE %(param_13)s::INTEGER END) AS all_neg
FROM by_set_events GROUP BY by_set_events.package_set, by_set_events.currency, by_set_events.bucket)
 SELECT %(param_1)s::INTEGER AS scope, %(param_2)s::BIGINT AS package_id, CASE by_set.currency WHEN %(param_3)s::VARCHAR THEN %(param_4)s::INTEGER WHEN %(param_5)s::VARCHAR THEN %(param_6)s::INTEGER ELSE %(param_7)s::INTEGER END AS currency, by_set.bucket, CAST(sum(by_set.active_qty) AS BIGINT) AS active_qty, CAST(sum(by_set.active_pos) AS VARCHAR) AS active_pos, CAST(sum(by_set.active_neg) AS VARCHAR) AS active_neg, CAST(sum(by_set.overall_active_qty) AS BIGINT) AS overall_active_qty, CAST(sum(by_set.overall_active_pos) AS VARCHAR) AS overall_active_pos, CAST(sum(by_set.overall_active_neg) AS VARCHAR) AS overall_active_neg, CAST(sum(by_set.all_qty) AS BIGINT) AS all_qty, CAST(sum(by_set.all_pos) AS VARCHAR) AS all_pos, CAST(sum(by_set.all_neg) AS VARCHAR) AS all_neg
FROM by_set GROUP BY by_set.currency, by_set.bucket
