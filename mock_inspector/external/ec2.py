"""EC2: the instances, and when one was stopped or terminated."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from ..api.service_model import max_length
from ..clock.moments import EpochMs, to_epoch_ms
from ..state.external import Caller, Ec2Instance
from ..state.instances import keep_valid
from .client import ExternalClient, NotAvailable, ServiceError

_REASON = re.compile(r".*\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)", re.ASCII)
"""The form of a StateTransitionReason: ``User initiated (2016-03-23 21:34:31 GMT)``."""

_GROUP_TAG = "aws:autoscaling:groupName"


def find_instances(client: ExternalClient, caller: Caller) -> list[Ec2Instance] | None:
    """Return the instances in EC2's order, those that do not run as well; None without an EC2."""
    found: list[Ec2Instance] = []
    params: dict[str, Any] = {"MaxResults": 1000}
    try:
        while True:
            page = client.call("ec2", caller, "describe_instances", **params)
            found += [_read(entry) for group in page["Reservations"] for entry in group["Instances"]]
            if not page.get("NextToken"):
                return found
            params["NextToken"] = page["NextToken"]
    except (NotAvailable, ServiceError, LookupError, TypeError):
        return None


def _read(instance: dict[str, Any]) -> Ec2Instance:
    running = instance.get("State", {}).get("Name", "running") == "running"
    return Ec2Instance(_attributes(instance), running, None if running else _left(instance))


def _left(instance: dict[str, Any]) -> EpochMs | None:
    match = _REASON.fullmatch(str(instance.get("StateTransitionReason", "")))
    try:
        return None if match is None else to_epoch_ms(datetime.fromisoformat(match[1]).replace(tzinfo=timezone.utc))
    except ValueError:
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
