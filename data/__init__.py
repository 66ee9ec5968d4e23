"""Everything that would still be true if there were no browser: the warehouse, the report, our own records."""
