"""The network of an instance, as far as its test does not describe it: all of it follows from the id of the instance."""

from __future__ import annotations

import hashlib
import ipaddress
from functools import lru_cache
from typing import Any

from ..api.arns import partition_of

_PUBLIC = int(ipaddress.IPv4Address("198.18.0.0"))
"""Addresses from here on are reserved for benchmarks (RFC 2544): no host in the internet has them."""
_PUBLIC_COUNT = 2**17
_PRIVATE = int(ipaddress.IPv4Address("10.0.0.0"))
_PRIVATE_COUNT = 2**24


def generate_id(prefix: str, source: str) -> str:
    """Return the id of an EC2 resource: always the same one for the same ``source``."""
    return f"{prefix}-{_digest(prefix, source).hex()}"


def _digest(prefix: str, source: str) -> bytes:
    return hashlib.blake2b(f"{prefix} {source}".encode("utf-8", "surrogatepass"), digest_size=4).digest()


@lru_cache(maxsize=2048)
def default_interface(instance_id: str, region: str, hostname: str | None, address: str | None) -> dict[str, Any]:
    """Return the network interface of an instance (data type NetworkInterface). Callers must not change it.

    ``hostname`` and ``address`` are what the test says of them: public ones, or private ones by their form.
    """
    private, public = _address("private", instance_id), _address("public", instance_id)
    if address is not None:
        private, public = (address, public) if _is_private(address) else (private, address)
    private_name = f"ip-{private.replace('.', '-')}.{_domain(region, 'internal')}"
    public_name = f"ec2-{public.replace('.', '-')}.{_domain(region, 'amazonaws.com')}"
    if hostname is not None:
        private_name, public_name = (
            (hostname, public_name) if hostname.endswith(".internal") else (private_name, hostname)
        )
    return {
        "networkInterfaceId": generate_id("eni", instance_id),
        "subnetId": generate_id("subnet", instance_id),
        "vpcId": generate_id("vpc", instance_id),
        "privateDnsName": private_name,
        "privateIpAddress": private,
        "privateIpAddresses": [{"privateDnsName": private_name, "privateIpAddress": private}],
        "publicDnsName": public_name,
        "publicIp": public,
        "ipv6Addresses": [],
        "securityGroups": [{"groupName": "default", "groupId": generate_id("sg", instance_id)}],
    }


def complete_interfaces(instance_id: str, interfaces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return network interfaces with the ids that findings name: those that are given, else ids made from the instance's.

    Every interface is in a security group and in a VPC, which is the same one where only one is given. Nothing else is
    added: not every interface has a public address, for example.
    """
    vpc = next((entry["vpcId"] for entry in interfaces if entry.get("vpcId")), generate_id("vpc", instance_id))
    return [
        {
            **interface,
            "networkInterfaceId": interface.get("networkInterfaceId") or _nth_id("eni", instance_id, index),
            "vpcId": interface.get("vpcId") or vpc,
            "securityGroups": [
                {**group, "groupId": group.get("groupId") or _nth_id("sg", instance_id, number)}
                for number, group in enumerate(interface.get("securityGroups") or [{"groupName": "default"}])
            ],
        }
        for index, interface in enumerate(interfaces)
    ]


def _nth_id(prefix: str, instance_id: str, index: int) -> str:
    """The id of the instance's first resource of its kind, or of a further one."""
    return generate_id(prefix, f"{instance_id} {index}" if index else instance_id)


def _address(kind: str, instance_id: str) -> str:
    first, count = (_PRIVATE, _PRIVATE_COUNT) if kind == "private" else (_PUBLIC, _PUBLIC_COUNT)
    # Neither the first address of the range nor the last one is a host's.
    return str(ipaddress.IPv4Address(first + 1 + int.from_bytes(_digest(kind, instance_id), "big") % (count - 2)))


def _is_private(address: str) -> bool:
    try:
        return ipaddress.IPv4Address(address).is_private
    except ValueError:
        return False


def _domain(region: str, suffix: str) -> str:
    """The domain of EC2's host names in a region. The first region has names of its own."""
    if region == "us-east-1":
        return "ec2.internal" if suffix == "internal" else f"compute-1.{suffix}"
    china = ".cn" if suffix != "internal" and partition_of(region) == "aws-cn" else ""
    return f"{region}.compute.{suffix}{china}"
