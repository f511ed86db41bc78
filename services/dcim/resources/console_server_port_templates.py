"""Console server port templates: the console server ports that every new device of a type gets."""

from services.dcim.base import Base
from services.dcim.components.columns import Numbered, Template, template


class ConsoleServerPortTemplate(Template, Numbered, Base):
    path = "console-server-port-templates"


console_server_port_templates = template(ConsoleServerPortTemplate)
