"""What can be done: verbs that own their transactions, where engine, storage and queue meet."""
