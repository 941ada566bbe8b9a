//! What is withdrawn before its end: on disk, and in memory for every request. Where nothing is, asking costs one comparison.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use countersign_domain::Event;
use countersign_domain::registrant::{Denial, Denied, DenyList};
use countersign_store::Tx;
use countersign_token::Claims;
use tokio::sync::OnceCell;

use crate::App;
use crate::command::{Command, Failure};

/// The list. Read from the store when it is first asked.
#[derive(Default)]
pub(super) struct Deny {
    loaded: OnceCell<()>,
    list: RwLock<DenyList>,
}

impl Deny {
    /// The list, read from the store if that was not done yet.
    pub(super) async fn ready(&self, app: &App) -> Result<RwLockReadGuard<'_, DenyList>, Failure> {
        self.load(app).await?;
        Ok(self.list.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a token is withdrawn.
    pub(super) async fn denies(&self, app: &App, claims: &Claims) -> Result<bool, Failure> {
        Ok(self.ready(app).await?.denies(claims))
    }

    async fn load(&self, app: &App) -> Result<(), Failure> {
        if self.loaded.initialized() {
            return Ok(());
        }
        self.loaded
            .get_or_try_init(|| async {
                let now = app.now();
                let denials = app
                    .read("read what is denied", move |tx| Ok::<_, Failure>(tx.token_denials().all(now)?))
                    .await?;
                for denial in &denials {
                    self.remember(denial, now);
                }
                Ok(())
            })
            .await
            .copied()
    }

    fn remember(&self, denial: &Denial, now: jiff::Timestamp) {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        list.purge(now);
        list.insert(denial);
    }
}

impl App {
    /// Withdraws tokens: on disk first, then for every request after. `by` is an operator's or partner's name, or
    /// `holder`.
    pub(crate) async fn deny(&self, denial: Denial, by: &str) -> Result<(), Failure> {
        self.registrant().deny.load(self).await?;
        let (kept, by) = (denial.clone(), by.to_owned());
        self.execute("withdraw tokens", move |tx, context| withdraw(tx, context, &kept, by)).await?;
        self.registrant().deny.remember(&denial, self.now());
        Ok(())
    }

    /// Has the list follow what [`withdraw`] wrote.
    pub(crate) async fn follow_denial(&self, denial: &Denial) -> Result<(), Failure> {
        self.registrant().deny.load(self).await?;
        self.registrant().deny.remember(denial, self.now());
        Ok(())
    }
}

/// Withdraws tokens on disk.
pub(crate) fn withdraw(
    tx: &Tx<'_>,
    context: &mut Command,
    denial: &Denial,
    by: String,
) -> Result<(), Failure> {
    let (token, holder) = match &denial.denied {
        Denied::Token(id) => (Some(id.to_string()), None),
        Denied::Holder(subject) => (None, Some(subject.clone())),
    };
    tx.token_denials().insert(denial)?;
    context.record([Event::TokensDenied { token, holder, by }]);
    Ok(())
}
