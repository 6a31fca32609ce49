"""Commands other than `run`, `watch` and `worker`: one module each, its work and its answer.

module     what it knows
=========  ================================================
answer     what a command answers
audit      the store against the ledger
carriers   carriers that a word may mean
check      what a run needs, proven
decide     what waits for a person
find       an order, a number, a SKU or a file
find_live  how a shipment is in the store now
history    what was run; the ledger copied
read       the account of a file, and its answers
recount    a run's rows as they are now, its sheet again
service    texts for systemd, cron, launchd, Task Scheduler
source     what is remembered of a source
template   the workbook to fill in
undo       a run taken back
=========  ================================================
=======
===========  ================================================
module       what it knows
===========  ================================================
answer       what a command answers
audit        the store against the ledger
carriers     carriers that a word may mean
check        what a run needs, proven
decide       what waits for a person
find         an order, a number, a SKU or a file
find_live    how a shipment is in the store now
forget       a person taken out of copies, sheets and logs
history      what was run; the ledger copied
open_orders  orders that should have shipped
read         the account of a file, and its answers
recount      a run's rows as they are now, its sheet again
service      texts for systemd, cron, launchd, Task Scheduler
source       what is remembered of a source
template     the workbook to fill in
undo         a run taken back
===========  ================================================
"""
