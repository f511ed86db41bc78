"""VRFs: what each has of its own."""


def test_a_route_distinguisher_is_called_so(api, vrf):
    message = f"VRF with this Route distinguisher already exists. It is taken by VRF {vrf['id']} ({vrf['name']})."
    assert api.post("ipam/vrfs/", {"name": "another", "rd": vrf["rd"]}) == (400, {"rd": [message]})
