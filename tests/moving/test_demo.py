"""A small inventory moved in one go: over the network, into a file, and out of it again."""

from tests.moving.conftest import unnumbered


def test_a_chain_of_moves_ends_where_it_began(home, make_place, tmp_path):
    second, third = make_place(), make_place()
    key = ("--private-key", home.key)
    second.run("import", "--from", home.stack.base_url, "--token", home.stack.token, *key)
    between = tmp_path / "between.jsonl"
    second.export(between, *key)
    third.run("import", between, *key)
    first, last = (place.export(tmp_path / f"{name}.jsonl", *key) for name, place in (("a", home), ("z", third)))
    assert unnumbered(last, third.catalogue) == unnumbered(first, home.catalogue)
