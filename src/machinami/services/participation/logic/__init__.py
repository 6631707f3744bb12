"""The rules of participation: values in, values out."""
