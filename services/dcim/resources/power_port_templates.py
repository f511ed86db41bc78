"""Power port templates: the power ports that every new device of a type gets."""

from services.dcim.base import Base
from services.dcim.components.columns import Template, template


class PowerPortTemplate(Template, Base):
    path = "power-port-templates"


power_port_templates = template(PowerPortTemplate)
