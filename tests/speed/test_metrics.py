"""The gateway's workers count together: two readings in a row never disagree about the past."""

import re


def answered(api) -> float:
    text = api.session.get(f"{api.base_url}/metrics").text
    counts = re.findall(r'patchbay_gateway_requests_total\{app="tenancy",method="GET",status="2xx"\} ([\d.]+)', text)
    return sum(map(float, counts))


def test_every_request_is_counted_whichever_worker_it_reached(api):
    before = answered(api)
    for _ in range(20):
        api.session.close()
        api.get("tenancy/tenants/", limit=1)
    assert answered(api) == before + 20
