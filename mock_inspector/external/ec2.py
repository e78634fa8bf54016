"""EC2: the running instances."""

from __future__ import annotations

from typing import Any

from ..api.service_model import max_length
from ..state.external import Caller
from ..state.instances import keep_valid
from .client import ExternalClient, NotAvailable, ServiceError

_RUNNING = [{"Name": "instance-state-name", "Values": ["running"]}]
_GROUP_TAG = "aws:autoscaling:groupName"


def find_running_instances(client: ExternalClient, caller: Caller) -> list[dict[str, Any]] | None:
    """Return the running instances, each as attributes of an :class:`.Instance`; None without an EC2."""
    found: list[dict[str, Any]] = []
    params: dict[str, Any] = {"Filters": _RUNNING, "MaxResults": 1000}
    try:
        while True:
            page = client.call("ec2", caller, "describe_instances", **params)
            found += [_attributes(entry) for group in page["Reservations"] for entry in group["Instances"]]
            if not page.get("NextToken"):
                return found
            params["NextToken"] = page["NextToken"]
    except (NotAvailable, ServiceError, LookupError, TypeError):
        return None


def _attributes(instance: dict[str, Any]) -> dict[str, Any]:
    tags = {tag["Key"]: tag.get("Value", "") for tag in instance.get("Tags", ())}
    attributes = {
        "tags": tags,
        "hostname": instance.get("PublicDnsName") or instance.get("PrivateDnsName") or None,
        "ami_id": instance.get("ImageId"),
        "auto_scaling_group": tags.get(_GROUP_TAG),
        "ipv4_address": instance.get("PublicIpAddress") or instance.get("PrivateIpAddress"),
        "operating_system": "Windows Server" if str(instance.get("Platform", "")).lower() == "windows" else None,
        "network_interfaces": [_interface(entry) for entry in instance.get("NetworkInterfaces", ())],
    }
    return {"instance_id": instance["InstanceId"][: max_length("AgentId")], **keep_valid(attributes)}


def _interface(interface: dict[str, Any]) -> dict[str, Any]:
    """An EC2 network interface as Inspector shows it (data type NetworkInterface)."""
    public = interface.get("Association", {})
    members = {
        "networkInterfaceId": interface.get("NetworkInterfaceId"),
        "subnetId": interface.get("SubnetId"),
        "vpcId": interface.get("VpcId"),
        "privateDnsName": interface.get("PrivateDnsName"),
        "privateIpAddress": interface.get("PrivateIpAddress"),
        "privateIpAddresses": [
            _present(
                privateDnsName=address.get("PrivateDnsName"),
                privateIpAddress=address.get("PrivateIpAddress"),
            )
            for address in interface.get("PrivateIpAddresses", ())
        ],
        "publicDnsName": public.get("PublicDnsName"),
        "publicIp": public.get("PublicIp"),
        "ipv6Addresses": [address["Ipv6Address"] for address in interface.get("Ipv6Addresses", ())],
        "securityGroups": [
            _present(groupName=group.get("GroupName"), groupId=group.get("GroupId"))
            for group in interface.get("Groups", ())
        ],
    }
    return _present(**members)


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
