"""Read rows from databases and write reports to them: PostgreSQL and SQLite, by ADBC.

`address` reads what stands on the command line, `connecting` opens it, `source` reads rows out of
it and `target` puts the report into a table. The drivers are the extra ``database``.
"""
