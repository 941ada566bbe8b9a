//! `[web]`: the phone app in people's browsers.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::Mend;

/// `[web]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// The origin of the phone app, for instance `https://phone.example.org`: another name of this server, under which
    /// nothing but the phone is served. Links that open the phone lead there. Without it the phone shares the origin
    /// of everything else, at `/phone/`.
    pub phone_url: Option<Url>,
    /// Pages that may show the phone in a frame: `'self'`, or origins. Without any: none, since a page around the phone
    /// can trick people.
    pub phone_frames: Vec<String>,
}

/// As a content security policy writes this server's own origin.
pub(crate) const SELF: &str = "'self'";

impl Web {
    /// The phone's own origin, where it has one: `https://phone.example.org`.
    pub(crate) fn phone_origin(&self) -> Option<String> {
        self.phone_url.as_ref().map(|url| url.origin().ascii_serialization())
    }

    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        if let Some(url) = &self.phone_url
            && !is_origin(url)
        {
            found.push(Mend::new(
                "web.phone_url",
                format!("{url} is not an origin"),
                "give scheme and host only, for instance \"https://phone.example.org\"",
            ));
        }
        for frame in &self.phone_frames {
            let fits = frame == SELF
                || Url::parse(frame)
                    .is_ok_and(|url| is_origin(&url) && url.origin().ascii_serialization() == *frame);
            if !fits {
                found.push(Mend::new(
                    "web.phone_frames",
                    format!("{frame:?} is not an origin"),
                    "give \"'self'\" or origins without a slash at the end, such as \"https://bank.example.org\"",
                ));
            }
        }
    }
}

/// Whether a URL says scheme and host, and nothing more.
pub(crate) fn is_origin(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let web: Web = toml::from_str(text).unwrap();
        let mut found = Vec::new();
        web.check(&mut found);
        found.into_iter().map(|fault| fault.to_string()).collect()
    }

    #[test]
    fn origins_are_origins() {
        assert!(faults("").is_empty());
        let text = "phone_url = \"https://phone.example.org\"\nphone_frames = [\"'self'\", \"https://a.example:8443\"]";
        assert!(faults(text).is_empty(), "{:?}", faults(text));
        for wrong in [
            "phone_url = \"https://phone.example.org/app\"",
            "phone_url = \"ftp://phone.example.org\"",
            "phone_url = \"https://a@phone.example.org\"",
            "phone_frames = [\"*\"]",
            "phone_frames = [\"https://a.example/\"]",
            "phone_frames = [\"https://a.example; script-src *\"]",
            "phone_frames = [\"self\"]",
        ] {
            assert_eq!(faults(wrong).len(), 1, "{wrong}");
        }
    }
}
