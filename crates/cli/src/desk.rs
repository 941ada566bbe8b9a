//! Where operators' commands go: the service, and the key.

use clap::Args;
use countersign_client::wire::admin::BASE;
use countersign_server::dev;
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::Error;
use crate::http::{Http, Method};
use crate::service::{DEV_URL, dev_roots, is_local, origin_of};

/// The service, and the operator's key.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct Desk {
    /// The service's origin
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_URL", hide_env_values = true, default_value = DEV_URL)]
    url: Url,
    /// The operator's key [default on this machine: the public one of `countersign dev`]
    ///
    /// Other users of this machine can see the arguments of a program: better put it into the environment.
    #[arg(long, value_name = "KEY", env = "COUNTERSIGN_ADMIN_KEY", hide_env_values = true)]
    admin_key: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Desk {
    /// One call of the operator's API.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl serde::Serialize>,
    ) -> Result<T, Error> {
        let local = is_local(&self.url);
        let key = match &self.admin_key {
            Some(key) => key.as_str(),
            None if local => dev::ADMIN_KEY,
            None => return Err(Error::NoAdminKey { url: self.url.to_string() }),
        };
        let mut url = origin_of(&self.url)?;
        if url.scheme() != "https" && !local {
            return Err(Error::PlainKey { url: url.to_string() });
        }
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{BASE}{path}"));
        url.set_query(query);
        Http::new(&dev_roots(&url)?)?.json("the operator's API", method, &url, key, body).await
    }
}
