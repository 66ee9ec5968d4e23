"""Our own records: snapshots behind links, query templates, what a person prefers."""
