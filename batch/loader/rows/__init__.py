"""Rows, typed and grouped into parcels.

================  ===========================================================
module            what it knows
================  ===========================================================
frame             the recognised columns, streamed and kept small
layout            order cells filled once a group, order rows above item rows
inspection        each distinct cell judged once
typed_rows        what each row asks for, or what is wrong with it
skipped_rows      rows that make no shipment
no_rows           counts and the last lines of a report
taken_out         rows hidden or struck through in a workbook
units             units of another kind, and units that were short
whose             rows of another store
item_columns      items of a row side by side
order_columns     order numbers and ids, as a column tells together
tracking_columns  numbers and links, from several columns
missing_numbers   rows without a number among those that have one
number_checks     numbers that their carrier cannot have given
carrier_columns   carriers, from up to four columns
unknown_carriers  names of carriers that nobody knows
lost_zeros        zeros that a spreadsheet program took
recipients        to whom the rows go
void_labels       the labels of void rows
voids             labels taken back
ship_dates        when rows were shipped
grouping          rows to parcels
parcels           the rows of one parcel as a `Parcel`
profile           a file in a few figures
================  ===========================================================
"""
