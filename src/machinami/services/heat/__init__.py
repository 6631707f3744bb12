"""How hot is it for people, and how hot will it be? For residents and for the officer in charge.

The wet bulb globe temperature (WBGT, 暑さ指数) of every weather station of the town, by the balance of heat or the
ministry's formula, or as a station measures it; its forecast some hours ahead; and what it means for what one does.
"""
