"""Every setting, with its unit and default; options beat the environment, it beats the file.

============  ===============================================
module        what it knows
============  ===============================================
settings      every setting, with its unit and default
load          options, environment and file to one `Settings`
environment   what the environment says
toml_file     `shipbatch.toml`, and the line of each key
toml_edit     what `setup` writes into it
validation    what is wrong with a setting, in words
secrets       where tokens come from
ownership     whose word a file is
origins       one spelling of a store
ledger_place  where the ledger is
example       `shipbatch config --example`
============  ===============================================
"""

from batch.config.environment import default_home, token_variable
from batch.config.ledger_place import LEDGER, Database, Place, redact_passwords
from batch.config.load import config_file, every_store, load_settings
from batch.config.origins import one_store
from batch.config.secrets import require_credentials
from batch.config.settings import API_URL, Folder, Gates, OpenOrders, Settings, Source

__all__ = [
    "API_URL",
    "LEDGER",
    "Database",
    "Folder",
    "Gates",
    "OpenOrders",
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
