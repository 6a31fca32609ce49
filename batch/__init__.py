"""shipbatch: warehouse exports become shipments in a BigCommerce store, each exactly once.

A file's way can be read off the rooms: `loader` (files, cells, columns, rows) makes parcels of it;
`planning` holds them against their orders; `pipeline` runs the stages and ships; `results` writes
the sheet; `ledger` keeps what must not be forgotten. Imports go down only, and
`tests/project/test_floors.py` holds the rooms to it:

====  =============  =====================================================================
floor room           what happens there
====  =============  =====================================================================
12    cli            one short function per command; the only room that prints or exits
11    web            the page (its place; not built yet)
10    fleet          many stores on many machines: the queue and its workers
9     watcher        the drop folder: claims what is whole, runs it, files it away
8     commands       every command but run, watch, worker and status: its work, its answer
7     pipeline       one file through all stages; runner, session, carry-over
6     monitoring     who is told of a run: log, metrics, people by any apprise channel
5     loader         a warehouse export becomes parcels; pandas lives here
5     results        the results workbook and CSV, a run in sentences
4     ledger         what survives a crash; SQLite, or PostgreSQL for many machines
4     bigcommerce    the API: client, orders by page, rate limit, verdicts, payload
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

1. A rule without I/O: `loader/cells` for a cell by itself, `planning` for a row against its order
   or a file against its nights. What reads or writes the store: `bigcommerce` only. SQL: `ledger`
   only (its INSERT is in `plans`, its tables in two `schema.sql`), and `fleet` for its queue.
2. A stage of `run`: `pipeline`, one module per stage. Another command: `commands/NAME.py`, which
   returns a CommandResult, and a few lines in `cli`; `status` is with what it tells of.
3. A word that a user can meet (error code, status, exit status, column of ours): `model`, in its
   one table. An error code is a `Code` with its texts in `catalogue.toml`.
4. A format: `results` for one that goes out, `loader/files` for one that comes in. A carrier or a
   header: the CSV, no code. A channel for alerts: an address, no code.
5. Nothing at the top of `batch/`; a folder that passes twenty modules gets sub-folders by stage; a
   module below forty lines joins its only importer.
"""
