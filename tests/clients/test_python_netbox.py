"""python-netbox 0.0.24: a method for each verb and type; it deletes at addresses without the slash at their end."""

from tests.environments import environment


def use_every_verb(channel, url, token):
    from urllib.parse import urlsplit

    from netbox import NetBox

    address = urlsplit(url)
    netbox = NetBox(host=address.hostname, port=address.port, use_ssl=False, auth_token=token)
    netbox.dcim.create_site("Plain", "plain")
    netbox.dcim.update_site("Plain", facility="Cellar")
    (site,) = netbox.dcim.get_sites(name="Plain")
    netbox.ipam.create_ip_prefix("203.0.113.0/28", site=site["id"])
    prefix = netbox.ipam.get_ip_prefixes(q="203.0.113.0/28")[0]
    try:
        free = netbox.ipam.get_next_available_ip(prefix="203.0.113.0/28")
    except TypeError as error:  # it reads pages, and NetBox 2.3 lists free addresses without
        free = str(error)
    deleted = netbox.ipam.delete_ip_prefix(prefix="203.0.113.0/28"), netbox.dcim.delete_site("Plain")
    channel.send((netbox.status.get_status(), site["facility"], prefix["site"]["slug"], free, deleted))


def test_it_creates_reads_filters_changes_and_deletes(stack, api):
    status, facility, site, free, deleted = environment("python-netbox").run(use_every_verb, stack)
    assert (status["netbox-version"], facility, site) == ("2.3.7", "Cellar", "plain")
    assert free == "list indices must be integers or slices, not str" and deleted == (True, True)
    assert api.get("dcim/sites/", slug="plain")[1]["count"] == 0
