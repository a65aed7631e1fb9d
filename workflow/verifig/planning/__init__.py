"""What is to be made, from what: rule sets, settings, jobs, downloads, records."""
