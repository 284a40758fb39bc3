"""TOML documents (policies and programmes): load, validate, hash, list and register.

A document is a closed, frozen model with a name, a source, and the clauses behind its rules. It is
loaded by the name of a built-in or registered one, from a TOML file, or from a mapping; all
problems are reported in one `PolicyError` that names each key.
"""

import functools
import hashlib
import json
from collections.abc import Container, Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple, Self, cast

import pydantic
from pydantic import Field

from coverage_analyzer import documents
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.policy.keys import format_of
from coverage_analyzer.policy.problems import every_problem, listed
from coverage_analyzer.policy.suggestions import nearest
from coverage_analyzer.policy.wording import IDENTIFIER

Identifier = Annotated[str, Field(pattern=IDENTIFIER)]
Kind = Literal["policy", "programme"]

FOLDERS: Final[Mapping[Kind, str]] = {"policy": "policies", "programme": "programmes"}
"""The folder of built-in documents in ``resources``, by kind."""


FORMAT_2: Final = Field(json_schema_extra={"format": 2})
"""Annotation of a key that only documents of format 2 may have."""


class Model(pydantic.BaseModel):
    """Base of all parts of a policy: frozen, strict, without extra keys.

    A key of a newer format is left out of a dump, and so of the hash, where it has its default:
    the hash of an older document stays as it was.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)

    @pydantic.model_serializer(mode="wrap")
    def _without_unused_keys(self, dump: pydantic.SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = dump(self)
        for name, key in type(self).model_fields.items():
            unused = getattr(self, name) == key.get_default(
                call_default_factory=True, validated_data={}
            )
            if unused and (format_of(key) > 1 or name in self._replaced_keys):
                data.pop(name, None)
        return data

    @property
    def _replaced_keys(self) -> frozenset[str]:
        """Older keys that a newer one in use replaces, so that a dump leaves them out, too."""
        return frozenset()


class Source(Model):
    """The vendor's source: the TOML table ``[source]``.

    Attributes
    ----------
    title
        Text; required. Where the rules are published or agreed. Example: ``"Example Ltd, Terms of
        Hardware Support, version 3"``.
    address
        Text, a URL; empty by default. Where the source can be read. Example: ``"https://www.example.com/terms.html"``.
    note
        Text for readers of the terms; empty by default. How the source was read belongs in a
        comment, as outputs for customers print notes. Example: ``"Sold in the US only."``.
    """

    title: str
    address: str = ""
    note: str = ""

    def __str__(self) -> str:
        """Return title and address."""
        return ", ".join(filter(None, (self.title, self.address)))


class Document(Model):
    """A document with a name, a source and clauses.

    A subclass sets ``kind`` and adds its fields, the last of which is ``clauses``.

    Attributes
    ----------
    format
        Integer, the version of the format, ``1`` or ``2``; required. Some keys need ``2``.
    name
        Text of lower-case letters, digits and single hyphens; required. Example:
        ``"example-support"``.
    title
        Text; required. Reports and letters print it. Example: ``"Example Hardware Support"``.
    source
        Table `Source`; required.
    """

    kind: ClassVar[Kind]

    format: Literal[1, 2]
    name: Identifier
    title: str
    source: Source

    @classmethod
    def load(cls, source: "str | Path | Self") -> Self:
        """Load a document: by name, from the path of a TOML file, or one that is already loaded.

        Raises
        ------
        PolicyError
            If it does not exist or is invalid; the message names the key.
        """
        if isinstance(source, cls):
            return source
        if registered := cls._registered(source):
            document: Self = registered.document
            return document
        if isinstance(source, str) and (shipped := cls.builtin_named(source)):
            return shipped
        text, origin = cls._read(cast("str | Path", source))
        file = cls.file_of(source)
        folder = None if file is None else file.parent
        return cls.from_mapping(
            cls._parse_toml(text, origin), origin=origin, text=text, folder=folder
        )

    @classmethod
    def from_mapping(
        cls,
        data: Mapping[str, Any],
        *,
        origin: str = "",
        text: str = "",
        folder: Path | None = None,
    ) -> Self:
        """Create a document from nested dictionaries and lists, as from TOML or JSON.

        Parameters
        ----------
        data
            The data, by key.
        origin
            Name of the document in messages; by default ``The policy`` or ``The programme``.
        text
            The TOML text of the data, if messages should name its lines.
        folder
            Folder of the files that the data name. By default a file that this process has read
            with the same hash, else one in the current folder.

        Raises
        ------
        PolicyError
            If it is invalid; the message names the key.
        """
        try:
            return cls._validated(data, folder)
        except pydantic.ValidationError as error:
            problems, is_complete = every_problem(error, data, cls, text, folder)
            msg = f"{origin or f'The {cls.kind}'} {listed(problems, is_complete=is_complete)}"
            raise PolicyError(msg, problems, is_complete=is_complete) from None

    @classmethod
    def _validated(cls, data: Mapping[str, Any], folder: Path | None) -> Self:
        return cls.model_validate(_with_tuples(data), context={"folder": folder})

    @classmethod
    def builtin_names(cls) -> tuple[str, ...]:
        """Return the names of the built-in documents, sorted."""
        return _builtin_names(cls.kind)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all built-in and registered documents, sorted."""
        return known_names(cls.kind)

    @classmethod
    def builtin(cls) -> dict[str, Self]:
        """Return the built-in documents, by name."""
        return {name: _builtin(cls, name) for name in cls.builtin_names()}

    @classmethod
    def builtin_named(cls, name: str) -> Self | None:
        """Return the built-in document of a name, read when it is asked for first."""
        return _builtin(cls, name) if name in cls.builtin_names() else None

    @classmethod
    def by_name(cls) -> dict[str, Self]:
        """Return all built-in and registered documents, by name."""
        shipped = cls.builtin()
        return {name: shipped.get(name) or cls.load(name) for name in cls.names()}

    @classmethod
    def text(cls, source: str | Path) -> str:
        """Return the TOML text of a built-in or registered document, or of a file.

        Raises
        ------
        PolicyError
            If it is missing.
        """
        registered = cls._registered(source)
        return registered.text if registered else cls._read(source)[0]

    @classmethod
    def file_of(cls, source: object) -> Path | None:
        """Return the file from which `load` reads a document; None if it is not the user's file."""
        if registered := cls._registered(source):
            return registered.path
        if not isinstance(source, (str, Path)) or source in cls.builtin_names():
            return None
        return Path(source)

    @classmethod
    def register(cls, folder: str | Path) -> tuple[str, ...]:
        """Register the documents of a folder, so that their names load like built-in ones.

        Each ``*.toml`` file of this kind is loaded once, immediately. Files of the other kind are
        left to its own ``register``. Either all are registered or, after an error, none.
        Registration lasts as long as the process. A folder may be registered again, for instance
        after a change.

        Parameters
        ----------
        folder
            The folder; its subfolders are ignored.

        Returns
        -------
        tuple of str
            The registered names, sorted.

        Raises
        ------
        PolicyError
            If the folder cannot be read or has no such file, a document is invalid, or a name
            belongs to a built-in document or to another file.
        """
        documents: dict[str, _Registered] = {}
        for path in _toml_files(Path(folder)):
            text, origin = cls._read(path)
            data = cls._parse_toml(text, origin)
            if kind_of(data) == cls.kind:
                document = cls.from_mapping(data, origin=origin, text=text, folder=path.parent)
                _refuse_taken(document, path, documents)
                documents[document.name] = _Registered(path, text, document)
        if not documents:
            msg = f"{folder} contains no {cls.kind} file (*.toml)."
            raise PolicyError(msg)
        _REGISTRY.update({(cls.kind, name): entry for name, entry in documents.items()})
        return tuple(sorted(documents))

    @classmethod
    def unregister(cls, *names: str) -> None:
        """Unregister documents by name, or all of this kind if none is given."""
        for kind, name in tuple(_REGISTRY):
            if kind == cls.kind and (not names or name in names):
                del _REGISTRY[kind, name]

    @classmethod
    def _registered(cls, source: object) -> "_Registered | None":
        return _REGISTRY.get((cls.kind, source)) if isinstance(source, str) else None

    @classmethod
    def _read(cls, source: str | Path) -> tuple[str, str]:
        """Return the text of a built-in document or of a file, and its name in messages.

        Raises
        ------
        PolicyError
            If it is missing.
        """
        if source in cls.builtin_names():
            file = _folder(cls.kind) / f"{source}.toml"
            return file.read_text(encoding="utf-8"), f"{cls.kind.capitalize()} {source!r}"
        path = Path(source)
        try:
            return documents.read_text(path), str(path)
        except InputError as error:
            msg = f"{path} {error}."
            raise PolicyError(msg) from error
        except (OSError, ValueError) as error:  # missing, a folder, or an invalid name
            names = cls.names()
            msg = (
                f"Unknown {cls.kind} {str(source)!r}: not a built-in or registered {cls.kind} "
                f"({', '.join(names)}) and not a readable file.{nearest(str(source), names)}"
            )
            raise PolicyError(msg) from error

    @staticmethod
    def _parse_toml(text: str, origin: str) -> dict[str, Any]:
        """Return what a TOML text holds.

        Raises
        ------
        PolicyError
            If it is not TOML, or exceeds a limit.
        """
        try:
            return documents.load_toml(text.encode())
        except InputError as error:
            msg = f"{origin} {error}."
            raise PolicyError(msg) from error

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy, without the cached values of the original."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON and for `from_mapping`."""
        return self.model_dump(mode="json", by_alias=True)

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of the content of the document; comments and key order do not matter."""
        return hashlib.sha256(json.dumps(self._hashed(), sort_keys=True).encode()).hexdigest()

    def _hashed(self) -> dict[str, Any]:
        """Return what the hash is made of."""
        return self.to_dict()


class _Registered(NamedTuple):
    """A registered document with its file, and its text at registration."""

    path: Path
    text: str
    document: Any


_REGISTRY: Final[dict[tuple[Kind, str], _Registered]] = {}
"""The registered documents of this process, by kind and name."""


def newer_keys(part: Any, where: str = "") -> Iterator[str]:
    """Yield the path of each key in a model that needs a newer format than 1.

    Parameters
    ----------
    part
        A model, or a tuple or mapping of models.
    where
        The path of the part.
    """
    if isinstance(part, Model):
        for name in sorted(part.model_fields_set):
            place = f"{where}.{name}" if where else name
            if format_of(type(part).model_fields[name]) > 1:
                yield place
            else:
                yield from newer_keys(getattr(part, name), place)
    elif isinstance(part, (tuple, Mapping)):
        parts = part.items() if isinstance(part, Mapping) else enumerate(part)
        for key, value in parts:
            yield from newer_keys(value, f"{where}.{key}")


def kind_of(data: Mapping[str, Any]) -> Kind:
    """Return the kind of a document from its keys: only programmes have offers without levels.

    Examples
    --------
    >>> kind_of({"offers": []}), kind_of({"levels": []})
    ('programme', 'policy')
    """
    return "programme" if "offers" in data and not {"levels", "bands"} & data.keys() else "policy"


def known_names(kind: Kind) -> tuple[str, ...]:
    """Return the names of all built-in and registered documents of a kind, sorted.

    Examples
    --------
    >>> known_names("programme")
    ('extended-support', 'priority', 'technical-relationship-management')
    """
    registered = {name for own, name in _REGISTRY if own == kind}
    return tuple(sorted({*_builtin_names(kind), *registered}))


def mentions(
    part: Any, where: str = "", *, also: Container[str] = frozenset()
) -> Iterator[tuple[str, str, Any]]:
    """Yield the references to clauses in nested data: path of the key, key, name.

    Parameters
    ----------
    part
        Mappings and lists. The keys that name a clause are ``footnotes`` (a list), ``clause`` and
        those with that suffix.
    where
        The path of the part.
    also
        Further keys to yield.

    Examples
    --------
    >>> list(mentions({"bands": [{"level": "gold", "clause": "radius"}]}))
    [('bands.0.clause', 'clause', 'radius')]
    """
    if isinstance(part, Mapping):
        for key, value in part.items():
            place = f"{where}.{key}" if where else str(key)
            if key in also or key.endswith("clause"):
                yield place, key, value
            elif key == "footnotes":
                yield from ((place, key, v) for v in value)
            else:
                yield from mentions(value, place, also=also)
    elif isinstance(part, (list, tuple)):
        for number, value in enumerate(part):
            yield from mentions(value, f"{where}.{number}", also=also)


def _with_tuples(data: Any) -> Any:
    """Return the data with lists as tuples, as strict and frozen models require."""
    if isinstance(data, Mapping):
        return {k: _with_tuples(v) for k, v in data.items()}
    return tuple(map(_with_tuples, data)) if isinstance(data, list) else data


def _folder(kind: Kind) -> Traversable:
    return resources.files("coverage_analyzer") / "resources" / FOLDERS[kind]


@functools.cache
def _builtin_names(kind: Kind) -> tuple[str, ...]:
    return tuple(sorted(f.name.removesuffix(".toml") for f in _folder(kind).iterdir()))


@functools.cache
def _builtin(cls: type[Any], name: str) -> Any:
    text, origin = cls._read(name)
    return cls.from_mapping(cls._parse_toml(text, origin), origin=origin, text=text)


def _refuse_taken(document: Document, path: Path, documents: Mapping[str, _Registered]) -> None:
    """Raise if the name of a document is used by a built-in one, or one from another file.

    Raises
    ------
    PolicyError
        With the name, and its owner.
    """
    name, owner = document.name, ""
    if any(name in _builtin_names(kind) for kind in FOLDERS):
        owner = "built-in"
    for entry in (documents.get(name), *(_REGISTRY.get((kind, name)) for kind in FOLDERS)):
        if entry and entry.path != path:
            owner = f"that of {entry.path}"
    if owner:
        msg = f"{path}: the name {name!r} is {owner}. Give the {document.kind} a different name."
        raise PolicyError(msg)


def _toml_files(folder: Path) -> list[Path]:
    """Return the TOML files of a folder, sorted.

    Raises
    ------
    PolicyError
        If it cannot be read.
    """
    try:
        return sorted(path for path in folder.resolve().iterdir() if path.suffix == ".toml")
    except (OSError, ValueError) as error:
        msg = f"Cannot read {folder} as a folder of policies: {error}."
        raise PolicyError(msg) from error
