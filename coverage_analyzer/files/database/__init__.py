"""Read rows from databases and write reports to them: PostgreSQL and SQLite, by ADBC.

`address` parses an address, `connection` opens it, `reader` reads its rows and `writer` writes the
report to a table. The drivers are the extra ``database``.
"""
