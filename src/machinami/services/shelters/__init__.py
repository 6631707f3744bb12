"""Who is in the shelters, for how long will what they have last, and what must be sent where, by which way?

For the resident who looks for an open shelter, for its staff with a phone that may have no line, and for the officer
who shares out what the depots hold. Nothing is sent by a machine: it proposes, a named officer approves.
"""
