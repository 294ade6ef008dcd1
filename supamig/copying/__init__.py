"""The data plane: rows leave as blocks of COPY text and enter a sink, a file or the target."""
