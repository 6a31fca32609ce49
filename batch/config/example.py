"""`shipbatch config --example`: a `shipbatch.toml` with every setting, made from the settings."""

import inspect
import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from batch.config.settings import ELSEWHERE, NAMED_TABLES, Section, Settings

_TOP = """\
# shipbatch.toml: every setting, with its default or an example.
# Take the # away before what you change; what is left out has its default.
# It lies in the folder a command is run in, in the platform's folder for configuration,
# or where SHIPBATCH_CONFIG says. Options and variables beat it.
# Secrets are not kept here: `shipbatch setup`, or BIGCOMMERCE_ACCESS_TOKEN.
"""
_STORES = """\

# One more store: shipbatch run --store eu. It may have any setting from above, for itself.
# Its token is in BIGCOMMERCE_ACCESS_TOKEN_EU, or where `shipbatch setup --store eu` puts it.
#[stores.eu]
#store_hash = "def456uvw"
"""


def example() -> str:
    """The file's text: prose behind `# `, settings behind `#`; uncommented, the file loads."""
    return "\n".join([_TOP, *_scalars(Settings), *_tables(Settings)]) + _STORES


def _scalars(kind: type[BaseModel]) -> Iterator[str]:
    for name, field in _fields(kind):
        if not _is_table(name, field):
            yield f"# {field.description}"
            yield f"#{name} = {_toml(_example_value(field))}"


def _tables(kind: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in _fields(kind):
        inner = NAMED_TABLES.get(name) or field.annotation
        if not _is_table(name, field):
            continue
        yield ""
        yield f"# {field.description}"
        if isinstance(inner, type) and issubclass(inner, Section):
            path = f"{above}{name}" + (f".{_example_value(field)}" if name in NAMED_TABLES else "")
            yield f"#[{path}]"
            yield from _scalars(inner)
            yield from _tables(inner, f"{path}.")
        else:
            yield f"#[{above}{name}]"
            yield from (
                f"#{_key(key)} = {_toml(value)}" for key, value in _example_value(field).items()
            )


def _fields(kind: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    own = kind.model_fields.items()
    return (
        (name, field)
        for name, field in own
        if name != "name" and (kind is not Settings or name not in ELSEWHERE)
    )


def _is_table(name: str, field: FieldInfo) -> bool:
    kind = field.annotation
    section = inspect.isclass(kind) and issubclass(kind, Section)
    return section or name in NAMED_TABLES or isinstance(_example_value(field), dict)


def _example_value(field: FieldInfo) -> Any:
    return field.examples[0] if field.examples else field.get_default(call_default_factory=True)


def _key(name: str) -> str:
    bare = name.replace("_", "").isalnum() and name.isascii()
    return name if bare else json.dumps(name, ensure_ascii=False)


def _toml(value: Any) -> str:
    match value:
        case bool() | int() | float():
            return str(value).lower()
        case frozenset() | tuple() | list():
            parts = sorted(value) if isinstance(value, frozenset) else value
            return f"[{', '.join(map(_toml, parts))}]"
        case _:
            return json.dumps(str(value), ensure_ascii=False)
