"""Timetables of public transport (GTFS and GTFS-JP), and where their vehicles are (GTFS-realtime)."""
