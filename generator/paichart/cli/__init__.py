"""The command line: arguments in, calls to the library, text out."""
