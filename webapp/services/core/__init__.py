"""What every other room stands on: errors, form fields, formatting, records, secrets."""
