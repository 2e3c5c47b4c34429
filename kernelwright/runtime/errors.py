"""The errors of the runtime, and the root of every error Kernelwright raises.

KernelwrightError
├── InputNotFound        an input the kernel asks for is not mounted
├── InvalidSubmission    rows that must not replace the submission on disk
└── WheelsNotInstalled   the carried wheels are missing, altered or do not install

``kernelwright.errors`` continues the tree for the packager.
"""


class KernelwrightError(Exception):
    """Root of all errors; its text is what the user reads."""


class InputNotFound(KernelwrightError):
    """An input the kernel asks for is not mounted."""


class InvalidSubmission(KernelwrightError):
    """Rows that must not replace the submission on disk."""


class WheelsNotInstalled(KernelwrightError):
    """The carried wheels are missing, altered or do not install."""
