"""How `up` sets up, starts and watches the processes."""
