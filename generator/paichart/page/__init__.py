"""One self-contained HTML page of what a build installs."""
