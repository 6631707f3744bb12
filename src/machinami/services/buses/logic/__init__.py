"""What does the buses service work out? Pure: values in, values out."""
