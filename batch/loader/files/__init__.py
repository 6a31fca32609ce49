"""A file's bytes become tables of cells.

==============  ======================================================
module          what it knows
==============  ======================================================
detect          what a file is, by its bytes: a new format begins here
archives        a gzip or zip opened, no bomb goes off
blobs           bytes that can be opened again and again
encodings       which encoding a text is in
code_pages      which old code page: `code_pages.csv`
dialect         lines of delimited text as records
text            delimited text as a table
html_table      tables of an HTML page under the name .xls
read            the tables of any file
reader          the reader process: started, limited, its rows taken
reader_process  the program that reads whatever is no plain text
reader_limits   its deadline and memory
row_stream      rows on their way from it, checked
workbooks       XLSX, XLSB, XLS and ODS by calamine
appearance      hidden and struck-out rows, merged cells of an XLSX
xlsx            what calamine does not tell of an XLSX
tables          one table of typed cells
==============  ======================================================
"""
