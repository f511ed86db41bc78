"""Interface templates: the interfaces that every new device of a type gets."""

from services.dcim.base import Base
from services.dcim.components.columns import InterfaceKind, Template, template


class InterfaceTemplate(InterfaceKind, Template, Base):
    path = "interface-templates"


interface_templates = template(InterfaceTemplate, "form_factor", "mgmt_only")
