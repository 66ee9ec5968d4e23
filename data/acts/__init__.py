"""What people do with reports and records: each act takes the services and who does it, and knows no page."""
