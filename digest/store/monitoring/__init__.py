"""What the operator is told: alarms."""
