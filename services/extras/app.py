"""The extras service: its resources, in URL order."""

from services.extras import arrivals, images
from services.extras.base import Base
from services.extras.resources.custom_fields import custom_fields
from services.extras.resources.export_templates import export_templates, templates_by_name
from services.extras.resources.graphs import graphs, graphs_of_types
from services.extras.resources.image_attachments import image_attachments
from services.extras.resources.object_changes import object_changes
from services.extras.resources.recent_activity import recent_activity
from services.extras.resources.reports import PERMISSION, reports
from services.extras.resources.topology_maps import topology_maps
from services.extras.resources.webhook_deliveries import webhook_deliveries
from services.extras.resources.webhooks import webhooks
from services.extras.undoing.routes import undo
from services.extras.webhooks import delivering
from services.extras.webhooks.gauges import gauges
from shared.api.app import create_app

RESOURCES = (
    graphs,
    export_templates,
    topology_maps,
    image_attachments,
    recent_activity,
    object_changes,
    custom_fields,
    webhooks,
    webhook_deliveries,
)

app = create_app(
    Base,
    RESOURCES,
    routes=(("reports", reports), ("", images.served), ("", undo), ("", arrivals.incoming)),
    before={"reports": "recent-activity"},
    permissions=(PERMISSION.removeprefix("extras."),),
    internal_queries={"graphs": graphs_of_types, "export-templates": templates_by_name},
    background_tasks=(images.tidy, arrivals.adopt, arrivals.forget, delivering.look, delivering.forget),
    gauges=(gauges,),
)
