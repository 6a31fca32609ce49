"""shipbatch: warehouse exports become shipments in a BigCommerce store, each exactly once.

The path of a file, and the rooms it passes (imports go down the floors only):

====  ===============  ==========================================================
floor room             what happens there
====  ===============  ==========================================================
6     cli              one short function a command; the only place that prints or exits
5     watcher          a drop folder: wait until whole, claim, run, file away
4     pipeline         one file through all stages
3     resolver         what a row only names becomes ids, an address, units left
3     pool             the workers: claim, post, record
3     reconciler       every row accounted for; doubts settled by reading back
2     loader           a warehouse export becomes parcels; pandas lives here
2     bigcommerce      the API: client, quota, answers, payload
2     ledger           what survives a crash
2     results          the results workbook and CSV
1     judging          parcels against orders: who ships, who does not, and why
0     model, errors, config, findings
-     sandbox          BigCommerce on this machine: another program
====  ===============  ==========================================================
"""
