//! [`Claimant`]: who a password is checked for.

use std::net::IpAddr;

use ipnet::IpNet;

/// Who a password is checked for. NIST SP 800-63-4 calls a person who claims an identity a
/// claimant. The hashing queue uses it to be fair between networks, addresses and accounts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claimant<'a> {
    /// The username in canonical form, whether or not such a user exists. For an unknown user it
    /// also determines the cost of the check.
    pub account: Option<&'a str>,
    /// The address that the request comes from.
    pub address: Option<IpAddr>,
}

impl Claimant<'_> {
    /// The network that a single customer may own entirely: 48 bits of IPv6, 24 bits of IPv4.
    pub(super) fn network(&self) -> Option<IpNet> {
        self.within(24, 48)
    }

    /// The address. For IPv6 it is the network of 64 bits, because a host has all its addresses.
    pub(super) fn address(&self) -> Option<IpNet> {
        self.within(32, 64)
    }

    /// The network of the address with this many bits.
    fn within(&self, v4: u8, v6: u8) -> Option<IpNet> {
        let address = self.address?.to_canonical();
        let bits = if address.is_ipv4() { v4 } else { v6 };
        IpNet::new(address, bits).ok().map(|net| net.trunc())
    }
}
