"""What onboarding reads from the environment besides what every service reads."""

from chassis.sealing import SealingKey
from chassis.settings import Settings


class OnboardingSettings(Settings):
    """`sealing_key`: what tax and bank numbers are encrypted with."""

    sealing_key: SealingKey
