"""botocore's model of the service."""

from botocore.session import get_session

MODEL = get_session().get_service_model("inspector")
OPERATIONS: tuple[str, ...] = tuple(MODEL.operation_names)
