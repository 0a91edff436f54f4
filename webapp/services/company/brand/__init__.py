"""The brand: logo, colors and letterhead, as they stand on the customer's page and on paper."""
