"""How much hypothesis tries: `make quick` asks for the profile `quick`, a fifth of what the others try."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("quick", max_examples=20)
