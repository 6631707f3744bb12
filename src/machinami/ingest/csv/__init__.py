"""Reads tables that other systems have exported: any encoding, any header, any way of writing a time."""
