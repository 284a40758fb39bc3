"""Documents in TOML: closed models and their source."""

import pydantic


class Model(pydantic.BaseModel):
    """What all parts of a policy share: frozen, closed, and strict about types."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)


class Source(Model):
    """Where the vendor says it."""

    title: str
    address: str
    note: str = ""
