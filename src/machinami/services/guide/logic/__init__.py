"""The rules of the guide: values in, values out."""
