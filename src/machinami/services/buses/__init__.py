"""When does the bus come, and how do I get there? For residents; for the officer: what is late, and what timetable
would have people wait less.

Timetables by GTFS and where vehicles are by GTFS-realtime; arrival estimates with a range; journeys with walks; delays
by route and hour; and departure times that make waiting least for the same trips and vehicles.
"""
