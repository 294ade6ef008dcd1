"""What no stack may do, whoever wrote its program."""
