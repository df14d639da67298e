"""What is remembered: tables, one aggregate a file."""
