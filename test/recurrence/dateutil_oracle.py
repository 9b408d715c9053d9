"""The same cases by python-dateutil: reads series as JSON lines, writes their first occurrences as JSON lines."""
import json
import sys
from datetime import datetime, timedelta, timezone
from itertools import chain
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

LIMIT = int(sys.argv[1])
WEEK = timedelta(days=7)


def until_of(text, zone):
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d").replace(hour=23, minute=59, second=59)
    if text.endswith("Z"):
        moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        return moment.astimezone(zone).replace(tzinfo=None)
    return datetime.strptime(text, "%Y%m%dT%H%M%S")


def expand(series):
    parts = dict(part.split("=") for part in series["rrule"].split(";"))
    zone = ZoneInfo(series["tzid"])
    start = datetime.fromisoformat(series["dtstart"])
    count = int(parts.pop("COUNT", 10**9))
    until = until_of(parts.pop("UNTIL"), zone) if "UNTIL" in parts else datetime.max
    # Rules that make nothing would be searched up to the year 9999.
    parts["UNTIL"] = (min(until, start + timedelta(days=4400))).strftime("%Y%m%dT%H%M%S")
    rule = rrulestr(";".join("=".join(part) for part in parts.items()), dtstart=start)
    found, last, index = [], None, 0
    for local in chain([start], (moment for moment in rule if moment > start)):
        if index >= count or (local > until and index > 0):
            break
        at = local.replace(tzinfo=zone).astimezone(timezone.utc)
        if (last is None or at > last) and local.isoformat() not in series["exdates"]:
            found.append({"index": index, "local": local.isoformat(), "at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
            last = at
        index += 1
        if len(found) == LIMIT:
            break
    return found


for line in sys.stdin:
    print(json.dumps(expand(json.loads(line))), flush=False)
