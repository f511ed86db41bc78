"""The logger of gunicorn, for what happens to its processes."""

from gunicorn.glogging import Logger as GunicornLogger


class Logger(GunicornLogger):
    """gunicorn's, without its line for each request: the programs write their own (`ACCESS_LOG`).

    It would be put together for nobody otherwise, as `logconfig_dict` makes gunicorn take it for wanted.
    """

    access_log_enabled = False
