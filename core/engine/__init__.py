"""The machine: definitions, expressions and the executor, with no input or output of its own."""
