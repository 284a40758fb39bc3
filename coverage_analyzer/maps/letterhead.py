"""The sender of letters, their addressee and dates, as a closed model.

`settings.letterhead` reads it from a file.
"""

import datetime
from typing import Annotated, Final, Self

import pydantic
from pydantic import BeforeValidator, Field

from coverage_analyzer.schema.days import day

MAX_LINES: Final = 6
"""Maximum number of lines of an address."""

MAX_VALID_DAYS: Final = 3_660

PLACEHOLDER: Final = "{site_id}"
"""Text of a reference that is replaced by the id of the site."""


def _date(value: object) -> object:
    """Return a date that is written as text, too.

    Raises
    ------
    ValueError
        If the text is not a date.
    """
    return day(value) if isinstance(value, str) else value


Line = Annotated[str, Field(min_length=1, max_length=80)]
AddressLines = Annotated[list[Line], Field(min_length=1, max_length=MAX_LINES)]
Paragraph = Annotated[str, Field(min_length=1, max_length=300)]
Date = Annotated[datetime.date, BeforeValidator(_date)]


class _Part(pydantic.BaseModel):
    """A table of a letterhead: frozen, closed, and strict about types."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)


class Sender(_Part):
    """``[sender]``: who sends the letter.

    Attributes
    ----------
    name
        Name of the company.
    address
        Lines of its address.
    phone, email, website
        How to reach it.
    logo
        Path of a PNG or JPEG file, relative to the letterhead.
    """

    name: Line
    address: AddressLines = Field(default_factory=list)
    phone: Line | None = None
    email: Line | None = None
    website: Line | None = None
    logo: Annotated[str, Field(min_length=1)] | None = None


class Contact(_Part):
    """``[contact]``: the person to ask.

    Attributes
    ----------
    name, role, phone, email
        Of the person.
    """

    name: Line
    role: Line | None = None
    phone: Line | None = None
    email: Line | None = None


class Addressee(_Part):
    """``[addressee]``: who gets the letter; by default the site, by its name and address.

    Attributes
    ----------
    name, attention
        Of the company and of the person.
    address
        Lines of the address.
    """

    name: Line
    attention: Line | None = None
    address: AddressLines = Field(default_factory=list)


class Particulars(_Part):
    """``[letter]``: reference, dates and own words.

    Attributes
    ----------
    reference
        The sender's reference; ``{site_id}`` in it is replaced by the id of the site.
    issued_on
        Date of issue, by default the day of the assessment.
    valid_until, valid_days
        Last day on which the letter is valid, or its number of days from the date of issue. The
        letter prints an earlier day if the promise ends earlier.
    greeting, introduction
        Texts above the promise.
    note
        Text below the conditions, such as a disclaimer.
    closing, signatory
        Texts at the end.
    """

    reference: Line | None = None
    issued_on: Date | None = None
    valid_until: Date | None = None
    valid_days: Annotated[int, Field(ge=1, le=MAX_VALID_DAYS)] | None = None
    greeting: Line | None = None
    introduction: Paragraph | None = None
    note: Paragraph | None = None
    closing: Line | None = None
    signatory: Line | None = None


class Letterhead(_Part):
    """What a letter says of its sender, addressee and dates.

    Attributes
    ----------
    sender, contact, addressee
        The parties.
    letter
        Reference, dates, own words.
    """

    sender: Sender | None = None
    contact: Contact | None = None
    addressee: Addressee | None = None
    letter: Particulars = Particulars()
    _logo: str = pydantic.PrivateAttr(default="")

    @property
    def logo(self) -> str:
        """The logo as a data URI; empty if there is none."""
        return self._logo

    def with_logo(self, logo: str) -> Self:
        """Return the letterhead with a logo, as a data URI."""
        made = self.model_copy()
        made._logo = logo  # noqa: SLF001 - its own
        return made
