"""Commands for whoever sets shipbatch up: `config`."""

from typing import TYPE_CHECKING, Annotated

import typer

from batch.cli.terminal import app, print_told, settings_of

if TYPE_CHECKING:
    from batch.telling import Told


@app.command()
def config(
    example: Annotated[bool, typer.Option("--example", help="Print a shipbatch.toml with every setting.")] = False,
    store: Annotated[str, typer.Option(help="A store of shipbatch.toml.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the settings that count, and where they come from; check shipbatch.toml."""
    if example:
        from batch.config.example import example as text

        print(text(), end="")
        return
    print_told(_shown(store), as_json=as_json)


def _shown(store: str) -> "Told":
    """The settings as a command would have them, without secrets."""
    from batch.config import config_file
    from batch.telling import Told

    made = settings_of(store=store)
    path = config_file()
    data = made.model_dump(mode="json", exclude={"token", "identity"}) | {"config_file": str(path) if path else None}
    changed = made.model_dump(mode="json", exclude={"token", "identity"}, exclude_defaults=True)
    where = f"Read {path}: no mistakes." if path else "No shipbatch.toml: `shipbatch config --example` prints one."
    lines = [where, f"store: {made.store}" if made.store_hash else "store: none yet; run `shipbatch setup`"]
    lines += [f"{name} = {value}" for name, value in changed.items()] + ["Everything else has its default."]
    return Told(tuple(lines), data)
