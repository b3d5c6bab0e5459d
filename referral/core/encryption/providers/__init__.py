"""Where the keys live that wrap all others (KEK). One interface, five keepers:

files         a directory of its own, mode 0700
environment   a variable, for trying out: refused in production
vault         HashiCorp Vault, transit engine         extra [vault]
aws           AWS KMS, one key an epoch               extra [aws]
hsm           any PKCS #11 token                      extra [hsm]
choice        opens the one that the settings name
"""

from referral.core.encryption.providers.choice import open_provider
from referral.core.encryption.providers.environment import EnvironmentKeys
from referral.core.encryption.providers.files import FileKeys, check_key_directory
from referral.core.encryption.providers.interface import DestroyReceipt, KekProvider, KeyRefused

__all__ = [
    "DestroyReceipt",
    "EnvironmentKeys",
    "FileKeys",
    "KekProvider",
    "KeyRefused",
    "check_key_directory",
    "open_provider",
]
