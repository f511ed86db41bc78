"""Where a client says the session key that opens its secrets; the gateway hands it to the secrets service only."""

APP = "secrets"
HEADER = "X-Session-Key"
COOKIE = "session_key"
COOKIE_PATH = "/api/secrets/"
