"""The database: tables, one door for writes, one for reads, and the queries by noun."""
