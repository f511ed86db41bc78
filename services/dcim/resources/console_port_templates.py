"""Console port templates: the console ports that every new device of a type gets."""

from services.dcim.base import Base
from services.dcim.components.columns import Template, template


class ConsolePortTemplate(Template, Base):
    path = "console-port-templates"


console_port_templates = template(ConsolePortTemplate)
