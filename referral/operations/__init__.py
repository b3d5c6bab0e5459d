"""What an operator does to the whole installation: let old cases go, check the record, make a backup, restore one."""
