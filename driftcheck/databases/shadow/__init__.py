"""Shadow databases: made, marked, dropped, and swept where a killed run left some."""
