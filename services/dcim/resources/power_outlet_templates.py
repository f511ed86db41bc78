"""Power outlet templates: the power outlets that every new device of a type gets."""

from services.dcim.base import Base
from services.dcim.components.columns import Numbered, Template, template


class PowerOutletTemplate(Template, Numbered, Base):
    path = "power-outlet-templates"


power_outlet_templates = template(PowerOutletTemplate)
