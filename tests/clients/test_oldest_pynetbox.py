"""pynetbox 4.0.0 of 2018, the oldest that runs on the Pythons of today: older ones are written for Python 2."""

from tests.environments import environment

PYNETBOX = "pynetbox-4.0"


def use_every_verb(channel, url, token):
    import pynetbox

    netbox = pynetbox.api(url, token=token)
    region = netbox.dcim.regions.create(name="Old", slug="old")
    site = netbox.dcim.sites.create(name="Old clients", slug="old-clients", region=region.id)
    netbox.dcim.racks.create([{"name": f"Old {number}", "site": site.id} for number in range(3)])
    found = netbox.dcim.sites.get(slug="old-clients")
    found.facility = "Attic"
    saved = found.save()
    racks = netbox.dcim.racks.filter(site="old-clients")
    names = [rack.name for rack in racks]
    shown = [str(found), found.region.slug, netbox.dcim.sites.get(site.id).facility]
    everything = len(netbox.dcim.racks.all())
    try:
        found.delete()
        refused = ""
    except pynetbox.RequestError as error:
        refused = str(error)
    deleted = [each.delete() for each in (*racks, found, netbox.dcim.regions.get(region.id))]
    gone = netbox.dcim.sites.get(slug="old-clients")
    channel.send((saved, names, shown, everything, refused, deleted, gone))


def allocate(channel, url, token):
    import pynetbox

    netbox = pynetbox.api(url, token=token)
    vrf = netbox.ipam.vrfs.create(name="Old", rd="65000:400")
    prefix = netbox.ipam.prefixes.create(prefix="198.51.100.0/29", vrf=vrf.id)
    created = prefix.available_ips.create({"description": "old"})
    taken = netbox.ipam.ip_addresses.get(vrf="65000:400", q="198.51.100.1")
    free = [each["address"] for each in prefix.available_ips.list()]
    channel.send((created["address"], str(taken.address), str(prefix), free))


def test_it_creates_reads_filters_changes_and_deletes(stack):
    saved, names, shown, everything, refused, deleted, gone = environment(PYNETBOX).run(use_every_verb, stack)
    assert (saved, names) == (True, ["Old 0", "Old 1", "Old 2"])
    assert shown == ["Old clients", "old", "Attic"] and everything >= 3
    assert "409" in refused
    assert deleted == [True] * 5 and not gone


def test_it_allocates_addresses(stack):
    created, taken, prefix, free = environment(PYNETBOX).run(allocate, stack)
    assert (created, taken, prefix) == ("198.51.100.1/29", "198.51.100.1/29", "198.51.100.0/29")
    assert free == [f"198.51.100.{host}/29" for host in range(2, 7)]
