"""Which column is which field.

===============  ==================================================
module           what it knows
===============  ==================================================
choose_table     which table is the export, and where its header is
headers          from a header row to which column is which field
synonyms         which field a header may name: `headers.csv`
value_shapes     what a column's values look like
columns          the columns while they are told apart
agreement        whether columns say the same
assignment       which column wins which field
recipients       who gets a parcel
item_columns     items of a row side by side
review           what is missing, or at odds with its values
account          every column in one of four states
witnesses        which words of a header speak, and of what
map_hints        `--map` lines where no row is a header
complete_answer  an answer with all that would be asked next
own_sheets       sheets of ours, dropped back in
===============  ==================================================
"""
