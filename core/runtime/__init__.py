"""What can be done: verbs, transactions, the meeting place of engine, storage and queue."""
