SELECT max(transactions."at") AS max_1
FROM transactions
