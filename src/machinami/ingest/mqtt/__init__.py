"""Readings from an MQTT broker: any device that publishes, mapped to attributes of entities."""
