"""The ledger in a PostgreSQL database, shared by many machines.

==========  ==========================================
module      what it knows
==========  ==========================================
connection  lost and found again, its faults in words
opening     to write or to read alone
schema      the tables made and upgraded; `schema.sql`
session     what the writer asks
lease       one owner per store
runners     who works, and who has ended
==========  ==========================================
"""
