"""What a look-alike of an old installation is made of, and its configuration for `paictl config push`."""
