"""A warehouse's file becomes parcels: read, recognised, every row judged; pandas lives in this room
alone.
"""
