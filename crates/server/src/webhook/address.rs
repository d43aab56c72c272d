//! Where webhooks may be sent: public addresses alone, unless the host allows others.
//!
//! Invariants: a name is looked up once for a connection, every address it has is judged, and the connection is made to
//! one of those and no other, so that a name which leads elsewhere a moment later leads nowhere; what cannot be judged is
//! refused.

use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::public::is_public;

/// Decides where webhooks may be sent.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Whether private addresses and plain HTTP are allowed.
    pub allows_private: bool,
}

/// Why a webhook may not be sent somewhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing is there.
    #[error("Webhook URL cannot be empty or just whitespace: '{0}'")]
    Empty(String),
    /// It is no URL.
    #[error("Invalid webhook URL '{url}': {why}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is not HTTPS.
    #[error("Invalid webhook URL scheme: '{scheme}'. Allowed schemes are: {allowed}.")]
    Scheme {
        /// What it is.
        scheme: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// It names no machine.
    #[error("Webhook URL must include a hostname: '{0}'")]
    Host(String),
    /// It has a name and a password in it, which would be in the log.
    #[error(
        "Webhook URL must not include embedded credentials; sign deliveries with a secret instead"
    )]
    Credentials,
    /// The name is that of no machine.
    #[error("Cannot resolve Webhook URL hostname '{host}': {why}")]
    Unresolved {
        /// The name.
        host: String,
        /// What the system said.
        why: String,
    },
    /// It leads to an address that is not public.
    #[error(
        "Webhook URL must not resolve to a non-public IP address. '{host}' resolves to {address}."
    )]
    Private {
        /// The name.
        host: String,
        /// Where it leads.
        address: IpAddr,
    },
}

impl Gate {
    /// Judges the form of a URL, and its address when that stands in it.
    pub fn check(self, text: &str) -> Result<Url, Refused> {
        if text.trim().is_empty() {
            return Err(Refused::Empty(text.to_owned()));
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::EmptyHost => Refused::Host(text.to_owned()),
            url::ParseError::RelativeUrlWithoutBase => self.scheme(""),
            error => Refused::Url {
                url: text.to_owned(),
                why: error.to_string(),
            },
        })?;
        match url.scheme() {
            "https" => {}
            "http" if self.allows_private => {}
            other => return Err(self.scheme(other)),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let host = url.host().ok_or_else(|| Refused::Host(text.to_owned()))?;
        match host {
            Host::Ipv4(address) => self.admit(&address.to_string(), IpAddr::V4(address))?,
            Host::Ipv6(address) => self.admit(&address.to_string(), IpAddr::V6(address))?,
            Host::Domain(_) => {}
        }
        Ok(url)
    }

    fn scheme(self, scheme: &str) -> Refused {
        Refused::Scheme {
            scheme: scheme.to_owned(),
            allowed: if self.allows_private {
                "https, http"
            } else {
                "https"
            },
        }
    }

    /// Judges a URL and where its name leads now.
    pub async fn check_now(self, text: &str) -> Result<Url, Refused> {
        let url = self.check(text)?;
        if let Some(Host::Domain(host)) = url.host() {
            self.resolve(host).await?;
        }
        Ok(url)
    }

    /// The addresses of a name, all of which are judged.
    pub async fn resolve(self, host: &str) -> Result<Vec<SocketAddr>, Refused> {
        let unresolved = |why: String| Refused::Unresolved {
            host: host.to_owned(),
            why,
        };
        let found = tokio::net::lookup_host((host, 0)).await;
        let found = found.map_err(|error| unresolved(error.to_string()))?;
        let addresses: Vec<SocketAddr> = found.collect();
        if addresses.is_empty() {
            return Err(unresolved("the name has no address".to_owned()));
        }
        let mut each = addresses.iter();
        each.try_for_each(|address| self.admit(host, address.ip()))?;
        Ok(addresses)
    }

    fn admit(self, host: &str, address: IpAddr) -> Result<(), Refused> {
        if self.allows_private || is_public(address) {
            return Ok(());
        }
        Err(Refused::Private {
            host: host.to_owned(),
            address,
        })
    }
}

impl Resolve for Gate {
    fn resolve(&self, name: Name) -> Resolving {
        let gate = *self;
        Box::pin(async move {
            let addresses = gate.resolve(name.as_str()).await;
            let addresses = addresses.map_err(io::Error::other)?;
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: Gate = Gate {
        allows_private: false,
    };

    #[test]
    fn an_address_is_judged_however_it_is_written() {
        for text in [
            "https://127.0.0.1/x",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/latest",
            "https://0177.0.0.1/",
        ] {
            assert!(
                matches!(CLOSED.check(text), Err(Refused::Private { .. })),
                "{text}"
            );
        }
        assert!(CLOSED.check("https://1.1.1.1/hook").is_ok());
        assert!(matches!(
            CLOSED.check("http://1.1.1.1/"),
            Err(Refused::Scheme { .. })
        ));
        assert!(matches!(
            CLOSED.check("ftp://x/"),
            Err(Refused::Scheme { .. })
        ));
        assert!(matches!(
            CLOSED.check("nothing"),
            Err(Refused::Scheme { .. })
        ));
        assert!(matches!(
            CLOSED.check("https://a:b@x/"),
            Err(Refused::Credentials)
        ));
        assert!(matches!(CLOSED.check(" "), Err(Refused::Empty(_))));
        assert!(matches!(CLOSED.check("https://"), Err(Refused::Host(_))));
        let open = Gate {
            allows_private: true,
        };
        assert!(open.check("http://127.0.0.1:9/").is_ok());
        assert!(open.check("ftp://127.0.0.1/").is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused_when_it_is_looked_up() {
        let refused = CLOSED.check_now("https://localhost/hook").await;
        assert!(matches!(refused, Err(Refused::Private { .. })));
    }
}
