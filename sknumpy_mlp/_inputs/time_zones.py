"""Time zones by their names, and the local time in them."""

import datetime
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._utils.typing import IntArray

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

# Python's calendar ends after the year 9999.  Offsets outside of these years are those
# of the first or the last one.
_FIRST, _LAST = np.datetime64("0002-01-01", "s"), np.datetime64("9998-01-01", "s")


def zone_name(zone: Any) -> str:
    """Return the name of a time zone, such as 'Europe/Berlin', 'UTC' or '+02:00'.

    Parameters
    ----------
    zone : str or tzinfo
        The time zone: a name, or an object of zoneinfo, pytz, dateutil or datetime.

    Raises
    ------
    ValueError
        If the time zone has neither a known name nor a constant offset.
    """
    name = zone if isinstance(zone, str) else getattr(zone, "key", None)
    name = name or getattr(zone, "zone", None)
    if name is None:
        offset = zone.utcoffset(None)
        if offset is None:
            raise ValueError(
                f"its time zone {zone!r} has no name. Convert it to one that has, such "
                "as zoneinfo.ZoneInfo('Europe/Berlin') or 'UTC'."
            )
        name = str(datetime.timezone(offset)).removeprefix("UTC") or "UTC"
    _zone_of(name)
    return str(name)


def local_time(utc: NDArray[np.datetime64], zone: str | None) -> NDArray[np.datetime64]:
    """Return the local time of instants.

    Parameters
    ----------
    utc : ndarray of datetime64[us]
        The instants.
    zone : str or None
        The name of a time zone; None for dates without one, which are returned as they
        are.
    """
    if zone is None:
        return utc
    tz, local = _zone_of(zone), utc.copy()
    if isinstance(tz, datetime.timezone):  # a constant offset
        return utc + np.timedelta64(tz.utcoffset(None), "us")
    is_known = ~np.isnat(utc)
    known = utc[is_known]
    # Offsets are the same all day, except on the few days on which they change.
    days, day_of = np.unique(known.astype("M8[D]"), return_inverse=True)
    first, last = _offsets(days, tz), _offsets(days + 1, tz)
    offsets = first[day_of]
    changes = (first != last)[day_of]
    seconds, second_of = np.unique(known[changes].astype("M8[s]"), return_inverse=True)
    offsets[changes] = _offsets(seconds, tz)[second_of]
    local[is_known] = known + offsets.astype("m8[s]")
    return local


def _zone_of(name: str) -> datetime.tzinfo:
    """Return the time zone of a name."""
    if name == "UTC":  # needs no database
        return datetime.UTC
    with suppress(ValueError):
        offset = datetime.datetime.strptime(name, "%z").tzinfo
        assert offset is not None
        return offset
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"its time zone {name!r} is not in the time zone database of this system. "
            "Convert it to another one, such as 'UTC', or install the database, for "
            "example with pip install tzdata."
        ) from error


def _offsets(instants: NDArray[np.datetime64], tz: datetime.tzinfo) -> IntArray:
    """Return the offsets of local time from UTC in seconds."""
    seconds = np.clip(instants.astype("M8[s]"), _FIRST, _LAST).astype(np.int64)
    offsets = np.empty(len(seconds), dtype=np.int64)
    for i, second in enumerate(seconds.tolist()):
        local = (_EPOCH + datetime.timedelta(seconds=second)).astimezone(tz)
        offset = local.utcoffset()
        assert offset is not None
        offsets[i] = round(offset.total_seconds())
    return offsets
