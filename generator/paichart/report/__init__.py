"""Problems on their way out: as text for people, as JSON for programs."""
