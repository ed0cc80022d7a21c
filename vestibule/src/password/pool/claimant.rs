//! Who a password is checked for.

use std::net::IpAddr;

use ipnet::IpNet;

/// Whom a password is checked for (NIST SP 800-63-4: who claims to be somebody). What is known of
/// them makes the queue fair: each address and each account waits behind itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claimant<'a> {
    /// Who they say they are: a username in its canonical form, whether or not there is such a
    /// user. It also says what an unknown user's check costs.
    pub account: Option<&'a str>,
    /// Where they come from.
    pub address: Option<IpAddr>,
}

impl Claimant<'_> {
    /// The addresses of which one customer may have many: 48 bits of IPv6, 24 of IPv4.
    pub(super) fn network(&self) -> Option<IpNet> {
        self.within(24, 48)
    }

    /// The address. Whoever has one of IPv6 has its network of 64 bits.
    pub(super) fn address(&self) -> Option<IpNet> {
        self.within(32, 64)
    }

    /// The network of so many bits.
    fn within(&self, v4: u8, v6: u8) -> Option<IpNet> {
        let address = self.address?.to_canonical();
        let bits = if address.is_ipv4() { v4 } else { v6 };
        IpNet::new(address, bits).ok().map(|net| net.trunc())
    }
}
