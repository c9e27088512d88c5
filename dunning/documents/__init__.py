"""What people read: texts and lists. Pure: values in, bytes out."""
