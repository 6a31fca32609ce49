"""Rows, typed and grouped into parcels.

================  ===========================================================
module            what it knows
================  ===========================================================
frame             the recognised columns, streamed and kept small
layout            order cells filled once a group, order rows above item rows
inspection        each distinct cell judged once
typed_rows        what each row asks for, or what is wrong with it
skipped_rows      rows that make no shipment
taken_out         rows hidden or struck through in a workbook
units             units of another kind, and units that were short
whose             rows of another store
order_columns     order numbers and ids, as a column tells together
tracking_columns  numbers and links, from several columns
carrier_columns   carriers, from up to four columns
lost_zeros        zeros that a spreadsheet program took
voids             labels taken back
ship_dates        when rows were shipped
grouping          rows to parcels
parcels           the rows of one parcel as a `Parcel`
profile           a file in a few figures
================  ===========================================================
"""
