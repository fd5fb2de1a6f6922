"""Problems on their way out: text for people, JSON for programs, SARIF and annotations for code hosts."""
