"""Built-in checks of what the gateway serves beside Auth, one kind of thing a file.

They are validators of the cutover: routes and who may pass, rows by REST against rows by SQL, TLS,
CORS, and the addresses that applications say they are healthy at.
"""
