//! Where each private key of the authority is: in its file, or in the PKCS#11 token, as the configuration says.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_domain::authority::{KeyHome, key_place};
use countersign_domain::custody::Custody;
use countersign_pkcs11::Token;
use countersign_pki::verify::Curve;
use countersign_pki::{Signer, SoftwareKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::Error;
use super::config::Pkcs11;

/// Which keys are in the token. By default none.
#[derive(Clone, Default)]
pub struct KeyHomes {
    token: Option<Arc<Token>>,
    labels: BTreeMap<String, String>,
    /// Whether keys of CAs that take over are made in the token.
    new_keys_in_token: bool,
}

impl KeyHomes {
    /// Opens the token of the configuration, if it names one.
    ///
    /// # Errors
    /// The module cannot be loaded, the token is not there, the PIN is wrong or cannot be read.
    pub fn open(config: &Pkcs11) -> Result<Self, Error> {
        let Some(settings) = config.settings()? else { return Ok(Self::default()) };
        let failed = |source| Error::Token { name: "token".to_owned(), source };
        Ok(Self {
            token: Some(Token::open(settings).map_err(failed)?),
            labels: config.keys.clone(),
            new_keys_in_token: config.new_keys,
        })
    }

    /// The key `name`: from the token if it is placed there, otherwise from its file.
    pub(super) fn signer(
        &self,
        name: &'static str,
        file: impl FnOnce() -> Result<Zeroizing<String>, Error>,
    ) -> Result<Arc<dyn Signer>, Error> {
        match self.labels.get(name) {
            Some(label) => self.in_token(name, label),
            None => {
                let key =
                    SoftwareKey::from_pem(&file()?).map_err(|source| Error::Unusable { name, source })?;
                Ok(Arc::new(key))
            }
        }
    }

    fn in_token(&self, name: &str, label: &str) -> Result<Arc<dyn Signer>, Error> {
        let token = self.token.as_ref();
        let token = token.ok_or_else(|| Error::TokenConfig("names keys, and no module".to_owned()))?;
        let failed = |source| Error::Token { name: name.to_owned(), source };
        Ok(Arc::new(token.key(label).map_err(failed)?))
    }

    /// Makes the key `name` of a CA that takes over, or of its responder. One in the token that a try before has left is
    /// taken: no CA of this name is known.
    pub(super) fn make(
        &self,
        name: &str,
        curve: Curve,
        custody: &Custody,
        rng: &mut impl CryptoRng,
    ) -> Result<(KeyHome, Arc<dyn Signer>), Error> {
        let unusable = |reason: String| Error::Successor { name: name.to_owned(), reason };
        match &self.token {
            Some(token) if self.new_keys_in_token => {
                let failed = |source| Error::Token { name: name.to_owned(), source };
                let key = token.generate_ec_or_find(name, curve).map_err(failed)?;
                Ok((KeyHome::Token { label: name.to_owned() }, Arc::new(key)))
            }
            _ => {
                let key = SoftwareKey::generate_ec(curve).map_err(|error| unusable(error.to_string()))?;
                let pkcs8 = key.to_pkcs8_der().map_err(|error| unusable(error.to_string()))?;
                let wrapped = custody.wrap(&key_place(name), &pkcs8, rng);
                let key_home =
                    KeyHome::Wrapped { key: wrapped.map_err(|error| unusable(error.to_string()))? };
                Ok((key_home, Arc::new(key)))
            }
        }
    }

    /// The key `name` again, from where it was put.
    pub(super) fn find(
        &self,
        name: &str,
        home: &KeyHome,
        custody: &Custody,
    ) -> Result<Arc<dyn Signer>, Error> {
        let unusable = |reason: String| Error::Successor { name: name.to_owned(), reason };
        match home {
            KeyHome::Token { label } => self.in_token(name, label),
            KeyHome::Wrapped { key } => {
                let pkcs8 =
                    custody.unwrap(&key_place(name), key).map_err(|error| unusable(error.to_string()))?;
                let key = SoftwareKey::from_pkcs8_der(&pkcs8).map_err(|error| unusable(error.to_string()))?;
                Ok(Arc::new(key))
            }
        }
    }
}
