"""What every test shares: how Hypothesis searches."""

import os

from hypothesis import HealthCheck, settings

# No deadline: a loaded machine is no failing law. `thorough` is for a long run by hand.
settings.register_profile(
    "default", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
