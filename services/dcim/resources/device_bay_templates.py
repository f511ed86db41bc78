"""Device bay templates: the device bays that every new device of a type gets."""

from services.dcim.base import Base
from services.dcim.components.columns import Template, template


class DeviceBayTemplate(Template, Base):
    path = "device-bay-templates"


device_bay_templates = template(DeviceBayTemplate)
