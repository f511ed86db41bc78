"""The benchmark: fills a stack and measures it against the least that PostgreSQL itself needs."""
