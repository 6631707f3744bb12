"""The NGSI-LD face: ETSI GS CIM 009 over HTTP."""
