"""What only another service knows decides nothing while that service does not answer."""

from tests.dcim.equipment import VIRTUAL, Equipment


def test_an_interface_stays_a_port_while_circuits_cannot_say_what_ends_on_it(client, hurt, make):
    interface = Equipment(client).make_interface()
    provider, type_, site = make("circuits/providers"), make("circuits/circuit-types"), make("dcim/sites")
    circuit = client.make("circuits/circuits/", cid="C1", provider=provider["id"], type=type_["id"])
    ends = {"circuit": circuit["id"], "term_side": "A", "site": site["id"], "port_speed": 1000}
    client.make("circuits/circuit-terminations/", interface=interface["id"], **ends)
    change = f"dcim/interfaces/{interface['id']}/", {"form_factor": VIRTUAL}
    with hurt.without("circuits"):
        status, reply = client.patch(*change)
        assert status == 503
        assert "circuits" in reply["detail"]
    status, reply = client.patch(*change)
    assert (status, list(reply)) == (400, ["non_field_errors"])
