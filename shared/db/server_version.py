"""Which PostgreSQL will do."""

LEAST_POSTGRESQL = 16  # the first with pg_input_is_valid


def unsupported(server_version: int) -> str | None:
    """Why a PostgreSQL of the version `server_version` (as 160004) will not do; None if it will."""
    if server_version >= LEAST_POSTGRESQL * 10000:
        return None
    version = f"{server_version // 10000}.{server_version % 10000}"
    return f"PostgreSQL {LEAST_POSTGRESQL} or newer is needed, and this is {version}"
