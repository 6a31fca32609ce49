"""What one cell means.

================  =======================================
module            what it knows
================  =======================================
values            ids, units, words, comments, yes or no
order_numbers     the order that a cell names
thousands         whether 12.000 is 12,000 or 12
skus              the SKU, or several
tracking_numbers  tracking numbers and links
carriers          carrier words: `carriers.csv`
check_digits      what a number says of its carrier
row_status        void, shipped, not yet
units             units of sale: `units.csv`
money             amounts
damage            what spreadsheet programs do to numbers
normalise         the key under which words are compared
================  =======================================
"""
