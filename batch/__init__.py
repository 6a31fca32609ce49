"""shipbatch: warehouse exports become shipments in a BigCommerce store, each exactly once.

The rooms, from the top floor down; imports go down only, and `tests/test_floors.py` holds them to it:

====  =============  ================================================================
floor room           what happens there
====  =============  ================================================================
8     cli            one short function a command; the only place that prints or exits
7     fleet          many stores on many machines: the queue, its workers
6     watcher        the drop folder: claims what is whole, runs it, files it away
5     runner         opens a store, runs files in turn
5     rehearsal      the same against a store on this machine
5     rewriting      a run's results sheet again
4     pipeline       one file through all stages
4     undoing        a run taken back
4     auditing       the store against the ledger
4     answering      what waits for a person, and the answer
4     progress       how far several files are together
4     templating     all that can ship, as a workbook to fill in
4     searching      what is known of an order, a number, a SKU or a file
3     tracing        how a shipment that we know is now, in the store
4     checking       proves what a run needs, and says what to fix
3     resolver       what a row only names becomes ids, an address, units left
3     known          what the ledger already holds as created
3     pool           the workers: claim, post, record
3     reconciler     doubts settled by reading back
3     corrections    a number or a carrier set in a shipment that exists
3     deciding       a person's word, taken
3     holding        a file held as a whole, before its first shipment
3     telling        what the ledger and a report say, in sentences
3     notify         who is told of a run: the log, people, the dead man's switch
3     metrics        a run as a Prometheus text file
3     desk           what the stages of one store share
2     loader         a warehouse export becomes parcels; pandas lives here
2     bigcommerce    the API: client, quota, answers, payload
2     ledger         what survives a crash
2     results        the results workbook and CSV
2     inputs         the copy of an export that a run works on
1     judging        parcels against their order: who ships, who does not, and why
1     gates          a file against what is usual: what stops it as a whole
1     promises       what a dry run has planned, and whether it still holds
1     accounting     the rows added up
0     model          the nouns, and the table of legal moves
0     matching       is this shipment that one?
0     findings       what is said of a row, one sentence a finding
0     sheet          what our own sheets are called and known by
0     fetching       files by address, dates filled in
0     scheduling     texts for systemd, cron, launchd, Task Scheduler
0     spelling       which spellings of a text are one
0     escapes        what cannot be seen in a text, shown
0     errors, config, journal, stopping, turns, uptime, scratch, crash
-     sandbox        BigCommerce on this machine: another program
====  =============  ================================================================
"""
