"""What workers call: one file is one job, a shell around one call into the runtime."""
