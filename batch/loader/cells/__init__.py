"""What one cell means.

================  =======================================
module            what it knows
================  =======================================
values            ids, units, words, comments, yes or no
order_numbers     the order that a cell names
thousands         whether 12.000 is 12,000 or 12
skus              the SKU, or several
barcodes          the number in a scanned barcode
number_shapes     what a carrier's numbers look like
tracking_numbers  tracking numbers and links
carriers          carrier words
carrier_codes     what the API calls a carrier: `carriers.csv`
carrier_numbers   a number beside the carrier that is named
carrier_search    carriers that a word may mean
check_digits      what a number says of its carrier
row_status        void, shipped, not yet
units             units of sale: `units.csv`
money             amounts
damage            what spreadsheet programs do to numbers
normalise         the key under which words are compared
================  =======================================
"""
