//! Addresses that nothing of a plan may name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Metadata services outside of 169.254.0.0/16: those of Alibaba Cloud and of Azure.
const ELSEWHERE: [Ipv4Addr; 2] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];

/// Whether an address is link-local or a metadata service's, which answers with the machine's own
/// credentials.
pub fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_v4(address),
        IpAddr::V6(address) => is_v6(address),
    }
}

fn is_v4(address: Ipv4Addr) -> bool {
    address.is_link_local() || ELSEWHERE.contains(&address)
}

/// Also of IPv4 addresses that are written as IPv6 ones: mapped, compatible, NAT64 and 6to4.
fn is_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    let embedded = match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0 | 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some(v4(g, h)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    };
    // Those of Amazon and of Google.
    let is_cloud = matches!([a, b], [0xfd00, 0xec2] | [0xfd20, 0xce]);
    address.is_unicast_link_local() || is_cloud || embedded.is_some_and(is_v4)
}
