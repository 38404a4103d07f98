"""Buy a phone number for a new doctor's line.

    python -m acacias.numbers FR Paris
"""

import os
import sys
from typing import Any, Dict, List, Optional

from callr import Api, CallrException

_api = Api(
    os.environ["CALLR_LOGIN"],
    os.environ["CALLR_PASSWORD"],
)

NUMBER_CLASS = "CLASSIC"


def countries(api=_api) -> List[str]:
    return [country["code"] for country in api.call(method="did/areacode.countries")]


def find_area(country: str, label: str, api=_api) -> Optional[int]:
    """The id of the area with that name, if one of its numbers is for sale."""
    types = api.call("did/areacode.types", country)
    if not any(t["code"] == "GEOGRAPHIC" for t in types):
        return None
    for area in api.call("did/areacode.get_list", country, "GEOGRAPHIC"):
        if area["label"] == label and area["available"][NUMBER_CLASS]:
            return area["id"]
    return None


def buy(area_id: int, limit: float) -> List[str]:
    """Buy one number, unless its first month costs more than `limit` euros."""
    _api.call("did/store.get_quote", area_id, NUMBER_CLASS, 1)  # refuses what is not for sale
    order: Dict[str, Any] = _api.call("did/store.reserve", area_id, NUMBER_CLASS, 1, "RANDOM")
    cost = float(order["cost"]["amount_first_month"])
    if cost > limit:
        _api.call("did/store.cancel_order", order["token"])
        print(f"{cost:.2f} EUR is too much, order cancelled")
        return []
    bought = _api.call("did/store.buy_order", order["token"])
    return [number["intl_number"] for number in bought["success"]]


def main() -> int:
    country, label = sys.argv[1:3]
    if country not in countries():
        print(f"no numbers in {country}")
        return 1
    area_id = find_area(country, label)
    if area_id is None:
        print(f"no numbers in {label}")
        return 1
    try:
        cheap = buy(area_id, limit=0.5)
        numbers = cheap or buy(area_id, limit=float(os.environ.get("MAX_EUR", "5")))
    except CallrException as e:
        if e.code == 100:
            print("this account may not buy numbers, write to Callr")
        else:
            print(f"Callr said {e.code}: {e.msg}", file=sys.stderr)
        return 1
    for number in numbers:
        print("bought", number)
    return 0


if __name__ == "__main__":
    sys.exit(main())
