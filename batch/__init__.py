"""shipbatch: warehouse exports become shipments in a BigCommerce store, each exactly once.

A file's way can be read off the rooms: `loader` (files, cells, columns, rows) makes parcels of it;
`planning` holds them against their orders; `pipeline` runs the stages and ships; `results` writes
the sheet; `ledger` keeps what must not be forgotten. Imports go down only, and
`tests/test_floors.py` holds the rooms to it:

====  =============  =====================================================================
floor room           what happens there
====  =============  =====================================================================
12    cli            one short function per command; the only room that prints or exits
11    web            the page (its place; not built yet)
10    fleet          many stores on many machines: the queue and its workers
9     watcher        the drop folder: claims what is whole, runs it, files it away
8     commands       every command that is not run, watch or worker: its work, its answer
7     pipeline       one file through all stages; runner, session, carry-over
6     monitoring     who is told of a run: log, metrics, people, the dead man's switch
5     loader         a warehouse export becomes parcels; pandas lives here
5     results        the results workbook and CSV, a run in sentences
4     ledger         what survives a crash; SQLite, or PostgreSQL for many machines
4     bigcommerce    the API: client, rate limit, verdicts, payload
4     remote_files   a file by its address, whole or not at all
3     planning       parcels against their order, a file against its nights; pure
2     config         settings, secrets, and whose word they are
1     model          the nouns, the legal moves, every word that a user can meet
0     primitives     no shipping in them: stop, concurrency, spilled dicts, failpoints
0     errors         the exception tree
-     sandbox        BigCommerce on this machine: another program
-     manual         pages for users (their place; not written yet)
====  =============  =====================================================================

Where new things go:

1. A rule without I/O: `loader/cells` for a cell, `planning` for a parcel or a file. Reads and
   writes of the store: `bigcommerce` only. SQL: `ledger` only, and `fleet` for its queue.
2. A stage of `run`: `pipeline`, one module per stage. Another command: `commands/NAME.py`, which
   returns a CommandResult, and a few lines in `cli`.
3. A word that a user can meet (error code, status, exit status, column): its table in `model`.
4. A format: `results` for output, `loader/files` for input. A carrier or a header: its CSV only.
5. Nothing at the top of `batch/`; a folder of more than twenty modules gets sub-folders by stage; a
   module below forty lines joins its only importer.
"""
