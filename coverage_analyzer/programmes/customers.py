"""What a customer has: the facts that programmes ask for."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pydantic

from coverage_analyzer.errors import InputError
from coverage_analyzer.policy.document import Model
from coverage_analyzer.policy.wording import validation_faults

Held = bool | datetime.date | None
"""True: has it; False: has it not; a date: until and with that day; None: not known."""

HOLDINGS: Final = {
    "software_maintenance": "a software maintenance agreement",
    "appliance_maintenance": "an appliance maintenance agreement",
    "success_services": "a current Customer Success Services subscription",
    "priority": "a Priority subscription",
    "priority_plus": "a Priority Plus subscription",
    "os_vendor_support": "equivalent support by the vendor of the operating system",
    "relationship_management": "a technical relationship management agreement in force",
}


class Customer(Model):
    """What a customer has: yes, no, until a day (included), or not known, which is the default.

    Attributes
    ----------
    software_maintenance, appliance_maintenance
        Any agreement of that kind.
    success_services
        A subscription to Customer Success Services, of whatever level.
    priority, priority_plus
        A subscription to that level.
    base_support
        Base technical support agreements: of all product lines, or by the title of each
        (``{"XenApp": True}``).
    os_vendor_support
        Support by the vendor of the operating system below, at an equivalent level.
    relationship_management
        An agreement on technical relationship management.
    relationship_management_renewed
        Whether that has had its one additional year already.
    """

    software_maintenance: Held = None
    appliance_maintenance: Held = None
    success_services: Held = None
    priority: Held = None
    priority_plus: Held = None
    base_support: Held | dict[str, Held] = None
    os_vendor_support: Held = None
    relationship_management: Held = None
    relationship_management_renewed: bool | None = None

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, origin: str = "The customer") -> "Customer":
        """Return a customer from a dictionary, as TOML gives it.

        Raises
        ------
        InputError
            If a key is not known, or a value is neither yes or no nor a day.
        """
        try:
            return cls.model_validate(dict(data))
        except pydantic.ValidationError as error:
            found = "\n".join(f"  {fault}" for fault in dict.fromkeys(_faults(error)))
            msg = (
                f"{origin} cannot be read. Each fact must be true, false, or the last day of an "
                f"agreement:\n{found}"
            )
            raise InputError(msg) from None


def _faults(error: pydantic.ValidationError) -> Iterator[str]:
    """Yield what is wrong with a customer's facts, each once."""
    unknown = [e for e in error.errors() if e["type"] == "extra_forbidden"]
    if unknown:
        yield from validation_faults(error, Customer)
    else:
        for fault in error.errors():
            yield f"{fault['loc'][0]}: {fault['input']!r} is not one of these."
