"""Every setting, with its unit and default; options beat the environment, which beats the file.

============  ========================================
from batch.config.environment import default_home, token_variable
from batch.config.ledger_place import LEDGER, Database, Place, redact_passwords
from batch.config.load import config_file, every_store, load_settings
from batch.config.origins import one_store
from batch.config.secrets import require_credentials
from batch.config.settings import API_URL, Folder, Gates, Settings, Source

__all__ = [
    "API_URL",
    "LEDGER",
    "Database",
    "Folder",
    "Gates",
    "Place",
    "Settings",
    "Source",
    "config_file",
    "default_home",
    "every_store",
    "load_settings",
    "one_store",
    "redact_passwords",
    "require_credentials",
    "token_variable",
]
