"""How do buildings of a city model (CityGML 2.0, as PLATEAU publishes it) come into the town?"""
