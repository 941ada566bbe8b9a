//! A signature on its way, step by step: what is to be signed, who signs it, what proves it for years, and the container
//! with it. Each step is on the disk before the next begins, so that a restart goes on where it was.
//!
//! In this order (EN 319 132-1): the signer's certificate, because its digest is part of what is signed; the signature;
//! the time-stamp over it; the responder's answer after that. The finished file is checked as anybody would check it
//! before it takes the place of the last one.

use std::io::{BufWriter, Read as _, Write as _};
use std::time::Duration;

use countersign_client::wire::base64::{b64, from_b64};
use countersign_client::wire::callback::CallbackUrl;
use countersign_client::wire::device_link::DeviceLinkBase;
use countersign_client::wire::words::FlowType;
use countersign_client::{
    CertificateChoiceVerifier, ChosenCertificate, Error as ClientError, SignatureVerifier, Signing,
    StartedSession, long_term,
};
use countersign_container::pades::{
    Appearance, Font, PdfLimits, PdfSignatureRequest, Permission, Picture, PreparedSignature, prepare,
};
use countersign_container::xades::ProductionPlace;
use countersign_container::{
    ArchiveInput, Container as Asice, Level, Limits, Policy, Report, SignatureId, SignatureRequest,
    SignatureTemplate, SignedSignature, path_above, validate, validate_bytes,
};
use countersign_pki::verify::KeyKind;
use countersign_pki::{Certificate, Digest, SignatureAlgorithm};
use jiff::Timestamp;

use super::fault::Fault;
use super::kept::{
    Certify, Chosen, Container, Done, Failure, Form, KeptSession, Pdf, Person, Signature, Standing, State,
    Visible, Wanted, Way, file_name, prepared_name, recipient,
};
use super::service::Work;
use crate::App;
use crate::watch::Topic;

/// How long a session is waited for: a little longer than the service itself does.
const PATIENCE: Duration = Duration::from_secs(150);

/// How long the person's browser may take to come back once the session is over.
const RETURN: Duration = Duration::from_secs(60);

/// Containers that change while one is written: after so many rounds something is wrong.
const ROUNDS: usize = 8;

impl App {
    /// Begins a signature: the certificate if the account is known, and the session that the person is asked by. What is
    /// given is to be kept, and then worked on. `own_base`: the address under which this server was asked.
    pub(crate) async fn begin_signature(
        &self,
        container: &Container,
        id: String,
        wanted: Wanted,
        own_base: &str,
    ) -> Result<Signature, Fault> {
        let now = self.now();
        let mut signature = Signature {
            id,
            created_at: now,
            wanted: None,
            chosen: None,
            template: None,
            has_returned: false,
            state: State::AwaitingValue,
        };
        let callback = match &wanted.callback_url {
            Some(url) => Some(CallbackUrl::parse(url).map_err(ClientError::Request)?),
            None => None,
        };
        let client = &self.signing_provider()?.client;
        let level = wanted.certificate_level;
        signature.state = match (wanted.way, &wanted.person) {
            (Way::Remote, _) => return Err(Fault::Damaged("a remote signature has a certificate")),
            (way, Person::Document(document)) => {
                let answer = client.signing_certificate(document, level).await?;
                let verifier = CertificateChoiceVerifier::new(self.signing_rules(now)?);
                let rng = &mut self.randomness();
                let chosen = client.verify_certificate(&verifier, &answer, document, level, now, rng).await?;
                let digest = self.prepare(container, &mut signature, &wanted, chosen_of(&chosen)).await?;
                let signing = signing_of(&wanted, &digest)?;
                let session = if way == Way::Notification {
                    client.sign_by_notification(&recipient(document), &signing, self.now()).await?
                } else {
                    let recipient = recipient(document);
                    client.sign_by_device_link(&recipient, &signing, callback, self.now()).await?
                };
                State::Asking { session: self.kept_session(session, own_base), choice: None }
            }
            (Way::Notification, Person::Identified(person)) => {
                let session = client.choose_certificate_by_notification(person, level, now).await?;
                State::Choosing { session: self.kept_session(session, own_base) }
            }
            (Way::Notification, Person::Anybody) => {
                return Err(Fault::Client(ClientError::AccountNotFound));
            }
            (Way::DeviceLink, Person::Identified(_) | Person::Anybody) => {
                let session = client.choose_certificate_by_device_link(level, callback, now).await?;
                State::Choosing { session: self.kept_session(session, own_base) }
            }
        };
        signature.wanted = Some(wanted);
        Ok(signature)
    }

    /// Begins a signature with a certificate whose key somebody else has. Gives what is to be signed: the bytes, of which
    /// the digest may be signed directly.
    pub(crate) async fn begin_remote_signature(
        &self,
        container: &Container,
        id: String,
        wanted: Wanted,
        certificate: &Certificate,
    ) -> Result<Signature, Fault> {
        let mut signature = Signature {
            id,
            created_at: self.now(),
            wanted: None,
            chosen: None,
            template: None,
            has_returned: false,
            state: State::AwaitingValue,
        };
        let chosen = Chosen { document: None, certificate: b64(certificate.as_der()), by_same_device: false };
        self.prepare(container, &mut signature, &wanted, chosen).await?;
        signature.wanted = Some(wanted);
        Ok(signature)
    }

    /// The bytes that are to be signed.
    pub(crate) async fn to_be_signed(
        &self,
        container: &Container,
        signature: &Signature,
    ) -> Result<(SignatureAlgorithm, Vec<u8>), Fault> {
        if let Some(template) = &signature.template {
            return Ok((template.algorithm(), template.dtbs().to_vec()));
        }
        let (app, name) = (self.clone(), prepared_name(&container.id, &signature.id));
        let read = move || {
            let prepared = PreparedSignature::from_bytes(&app.signing().files.read(&name)?)?;
            Ok((prepared.algorithm(), prepared.dtbs().to_vec()))
        };
        self.signing().compute(read).await
    }

    /// Whether a value is one over what is to be signed.
    pub(crate) async fn check_value(
        &self,
        container: &Container,
        signature: &Signature,
        value: &[u8],
    ) -> Result<(), Fault> {
        let (app, name) = (self.clone(), prepared_name(&container.id, &signature.id));
        let (template, value) = (signature.template.clone(), value.to_vec());
        let check = move || {
            match template {
                Some(template) => drop(template.finish(&value)?),
                None => {
                    drop(PreparedSignature::from_bytes(&app.signing().files.read(&name)?)?.finish(&value)?);
                }
            }
            Ok(())
        };
        self.signing().compute(check).await
    }

    /// A session as it is kept. Where the service that is asked is this one, and says nothing else about it, links lead to
    /// the address under which it was asked.
    fn kept_session(&self, mut session: StartedSession, own_base: &str) -> KeptSession {
        let config = self.config();
        let follows = config.rp_api.device_link_base.is_none() && config.listen.public_url.is_none();
        let is_own = self.signing_provider().is_ok_and(|provider| provider.is_own);
        if let countersign_client::session::Answer::DeviceLink { base, .. } = &mut session.answer
            && follows
            && is_own
            && let Ok(own) = DeviceLinkBase::parse(&format!("{own_base}/device-link"))
        {
            *base = own;
        }
        let session = session.offering(&[FlowType::Qr, FlowType::Web2App, FlowType::Notification]);
        KeptSession::of(&session)
    }

    /// Writes down what is to be signed with this certificate, and gives its digest.
    async fn prepare(
        &self,
        container: &Container,
        signature: &mut Signature,
        wanted: &Wanted,
        chosen: Chosen,
    ) -> Result<Vec<u8>, Fault> {
        let certificate = certificate_of(&chosen)?;
        let now = self.now();
        let anchors = self.signing_anchors(now)?;
        let (app, form) = (self.clone(), container.form);
        let (_, mut file) = self.opened_signing(container.clone()).await?;
        let (id, wanted) = (signature.id.clone(), wanted.clone());
        let prepared = prepared_name(&container.id, &id);
        let work = move || -> Result<(Option<SignatureTemplate>, Vec<u8>), Fault> {
            let digest = digest_of(&wanted);
            let algorithm = algorithm_of(&certificate, digest, wanted.pkcs1);
            if form == Form::Pdf {
                let limits = PdfLimits::default();
                let mut document = Vec::new();
                file.read_to_end(&mut document)?;
                let authorities = path_above(&certificate, &anchors.intermediates);
                let request = pdf_request(&wanted, &certificate, authorities, algorithm, now)?;
                let made = prepare(&document, &request, &limits)?;
                let mut draft = app.signing().files.draft()?;
                draft.write_all(&made.to_bytes())?;
                app.signing().files.keep(draft, &prepared)?;
                return Ok((None, made.digest_to_sign()));
            }
            let container = Asice::open_with(file, &Limits::streaming())?;
            let place = wanted.statements.place.clone();
            let template = SignatureTemplate::new(&SignatureRequest {
                id: SignatureId::parse(&format!("S-{id}"))?,
                data_files: container.data_file_digests(digest)?,
                certificate,
                digest,
                algorithm,
                signing_time: now,
                production_place: place.map(|place| ProductionPlace {
                    city: place.city,
                    state_or_province: place.state_or_province,
                    postal_code: place.postal_code,
                    country: place.country,
                }),
                claimed_roles: wanted.statements.roles.clone(),
            })?;
            let digest = template.digest_to_sign();
            Ok((Some(template), digest))
        };
        let (template, digest) = self.signing().compute(work).await?;
        signature.template = template;
        signature.chosen = Some(chosen);
        Ok(digest)
    }

    /// The present state of a container, and what is in it.
    pub(crate) async fn open_container(&self, container: &Container) -> Result<(Container, Asice), Fault> {
        let (container, file) = self.opened_signing(container.clone()).await?;
        let opened =
            self.signing().compute(move || Ok(Asice::open_with(file, &Limits::streaming())?)).await?;
        Ok((container, opened))
    }

    /// Works on a signature until there is nothing more to do for this program.
    pub(crate) async fn work_on_signature(&self, work: Work) {
        let begun = self.now();
        let way = match self.find_signing(&work.container).await {
            Ok(Some(container)) => {
                container.find(&work.signature).and_then(|known| Some(known.wanted.as_ref()?.way))
            }
            // The first step finds that out itself.
            Ok(None) | Err(_) => None,
        };
        let way = way.unwrap_or(Way::Remote).as_str();
        let ended = tokio::select! {
            ended = self.all_steps(&work) => ended,
            () = self.signature_over(&work) => Err(Fault::Ended),
        };
        let outcome = ended.as_ref().err().map_or("OK", Fault::code);
        if let Err(fault) = ended
            && !matches!(fault, Fault::Ended)
        {
            if fault.is_ours() {
                tracing::error!(error = %fault, "a signature of the signing service failed");
            }
            let at = self.now();
            let failure = Failure { at, code: fault.code().to_owned(), detail: fault.told() };
            let failed = self.end_signature(&work, State::Failed(failure)).await;
            if let Err(error) = failed
                && !matches!(error, Fault::Ended)
            {
                tracing::error!(error = %error, "that a signature failed could not be written down");
            }
        }
        self.metrics().signature_ended(way, outcome);
        let duration_ms = self.now().duration_since(begun).as_millis();
        tracing::info!(flow = way, outcome, duration_ms, "a signature of the signing service ended");
    }

    /// Puts a signature into a state that it does not leave any more.
    pub(crate) async fn end_signature(&self, work: &Work, state: State) -> Result<Container, Fault> {
        let id = work.signature.clone();
        let prepared = prepared_name(&work.container, &work.signature);
        let change = move |container: &mut Container| {
            let signature = container.find_mut(&id).ok_or(Fault::Ended)?;
            if signature.state.is_over() {
                return Err(Fault::Ended);
            }
            signature.template = None;
            signature.state = state;
            Ok(())
        };
        let (container, ()) = self.change_signing(&work.container, Some(&work.signature), change).await?;
        self.signing().files.remove(&prepared);
        Ok(container)
    }

    /// Completes when nobody wants the signature any more.
    async fn signature_over(&self, work: &Work) {
        let mut watch = self.watches().subscribe(Topic::Signing(work.signature.clone()));
        loop {
            watch.changed().await;
            match self.find_signing(&work.container).await {
                Ok(Some(container)) => {
                    let signature = container.find(&work.signature);
                    // Complete and failed are what the work itself ends with.
                    if signature.is_none_or(|signature| signature.state.standing() == Standing::Cancelled) {
                        return;
                    }
                }
                Ok(None) => return,
                // The work finds that out itself.
                Err(_) => {}
            }
        }
    }

    async fn all_steps(&self, work: &Work) -> Result<(), Fault> {
        loop {
            let container = self.find_signing(&work.container).await?.ok_or(Fault::Ended)?;
            let signature = container.find(&work.signature).cloned().ok_or(Fault::Ended)?;
            match &signature.state {
                State::Choosing { session } => self.choose(work, &container, &signature, session).await?,
                State::Asking { session, .. } => self.ask(work, &signature, session).await?,
                State::Completing { value } => self.complete(work, &container, &signature, value).await?,
                State::Cancelled { .. } => return Err(Fault::Ended),
                State::AwaitingValue | State::Complete(_) | State::Failed(_) => return Ok(()),
            }
        }
    }

    /// Waits for the choice of an account, and asks it to sign.
    async fn choose(
        &self,
        work: &Work,
        container: &Container,
        signature: &Signature,
        kept: &KeptSession,
    ) -> Result<(), Fault> {
        let (wanted, choice) = (wanted_of(signature)?, kept.open().ok_or(Fault::Damaged("the session"))?);
        let client = &self.signing_provider()?.client;
        let status = client.wait(choice.session_id, PATIENCE).await?;
        let verifier = CertificateChoiceVerifier::new(self.signing_rules(self.now())?);
        let rng = &mut self.randomness();
        let chosen = client.verify_certificate_choice(&verifier, &choice, &status, self.now(), rng).await?;
        if !wanted.person.has(&chosen.document) {
            return Err(Fault::AnotherPerson);
        }
        let mut next = signature.clone();
        let digest = self.prepare(container, &mut next, wanted, chosen_of(&chosen)).await?;
        let signing = signing_of(wanted, &digest)?;
        let (session, choice) = if wanted.way == Way::Notification {
            let recipient = recipient(&chosen.document);
            (client.sign_by_notification(&recipient, &signing, self.now()).await?, None)
        } else {
            let session = client.sign_linked(&choice, &chosen.document, &signing, self.now()).await?;
            (session, Some(kept.clone()))
        };
        let session = KeptSession::of(&session);
        self.step(work, move |signature| {
            signature.template = next.template;
            signature.chosen = next.chosen;
            signature.state = State::Asking { session, choice };
        })
        .await
    }

    /// Waits for the signature, and checks it.
    async fn ask(&self, work: &Work, signature: &Signature, kept: &KeptSession) -> Result<(), Fault> {
        let session = kept.open().ok_or(Fault::Damaged("the session"))?;
        let chosen = signature.chosen.as_ref().ok_or(Fault::Damaged("the account"))?;
        let client = &self.signing_provider()?.client;
        let status = client.wait(session.session_id, PATIENCE).await?;
        let certificate = certificate_of(chosen)?;
        let verifier = SignatureVerifier::new(self.signing_rules(self.now())?).expecting(&certificate);
        let rng = &mut self.randomness();
        let signed = client.verify_signature(&verifier, &session, &status, self.now(), rng).await?;
        // Nothing in a signature depends on the way back; that it is this browser's signature does.
        if chosen.by_same_device || signed.flow == FlowType::Web2App {
            self.browser_returned(work).await?;
        }
        let value = b64(&signed.signature);
        self.step(work, move |signature| signature.state = State::Completing { value }).await
    }

    async fn browser_returned(&self, work: &Work) -> Result<(), Fault> {
        let mut watch = self.watches().subscribe(Topic::Signing(work.signature.clone()));
        let mut deadline = self.clock().sleep(RETURN);
        loop {
            let container = self.find_signing(&work.container).await?.ok_or(Fault::Ended)?;
            if container.find(&work.signature).ok_or(Fault::Ended)?.has_returned {
                return Ok(());
            }
            tokio::select! {
                () = watch.changed() => {}
                () = &mut deadline => return Err(Fault::NoReturn),
            }
        }
    }

    /// The next state of a signature that is still wanted.
    async fn step(
        &self,
        work: &Work,
        next: impl FnOnce(&mut Signature) + Send + 'static,
    ) -> Result<(), Fault> {
        let id = work.signature.clone();
        let change = move |container: &mut Container| {
            let signature = container.find_mut(&id).ok_or(Fault::Ended)?;
            if signature.state.is_over() {
                return Err(Fault::Ended);
            }
            next(signature);
            Ok(())
        };
        self.change_signing(&work.container, Some(&work.signature), change).await.map(|_| ())
    }

    /// Time-stamp, status, container.
    async fn complete(
        &self,
        work: &Work,
        container: &Container,
        signature: &Signature,
        value: &str,
    ) -> Result<(), Fault> {
        let wanted = wanted_of(signature)?;
        let value = from_b64(value).ok_or(Fault::Damaged("the signature value"))?;
        let level = wanted.level();
        if container.form == Form::Pdf {
            return self.complete_document(work, container, signature, &value, level).await;
        }
        let template = signature.template.clone().ok_or(Fault::Damaged("what was signed"))?;
        let mut signed = self.signing().compute(move || Ok(template.finish(&value)?)).await?;
        self.bring_to(&mut signed, level, container).await?;
        for _ in 0..ROUNDS {
            let current = self.find_signing(&work.container).await?.ok_or(Fault::Ended)?;
            let (current, opened) = self.open_container(&current).await?;
            let (next, name, bytes, report) = self.with_signature(&current, opened, &signed, level).await?;
            let done = done_of(&report, &name, signed.id(), signed.time_stamp_time(), self.now())?;
            if self.replace(work, &current.file, next, bytes, State::Complete(done)).await? {
                return Ok(());
            }
        }
        Err(Fault::Damaged("the container, which changes all the time"))
    }

    /// Brings a signature to its level.
    async fn bring_to(
        &self,
        signed: &mut SignedSignature,
        level: Level,
        container: &Container,
    ) -> Result<(), Fault> {
        let long_term = self.long_term(self.now())?;
        let imprint = |input: ArchiveInput, digest: Digest| {
            let container = container.clone();
            async move {
                let imprint = async {
                    let (_, opened) = self.open_container(&container).await?;
                    self.signing().compute(move || Ok(opened.archive_imprint(&input, digest)?)).await
                };
                imprint.await.map_err(|fault| match fault {
                    Fault::Container(error) => error,
                    other => std::io::Error::other(other.to_string()).into(),
                })
            }
        };
        let (now, watch) = (|| self.now(), |step: long_term::Step<'_>| left_out(&step));
        Ok(long_term.complete(signed, level, imprint, now, &mut self.randomness(), watch).await?)
    }

    /// A new state of a container, with one more signature: its file, the signature's entry, and what a check of the
    /// whole says.
    async fn with_signature(
        &self,
        container: &Container,
        mut opened: Asice,
        signed: &SignedSignature,
        level: Level,
    ) -> Result<(String, String, u64, Report), Fault> {
        let (app, signed, now) = (self.clone(), signed.clone(), self.now());
        let next = file_name(&container.id, &self.randomness());
        let anchors = self.signing_anchors(now)?;
        let kept = next.clone();
        let work = move || {
            let name = opened.add_signature(&signed, now)?;
            let draft = app.signing().files.draft()?;
            let mut sink = BufWriter::new(draft.as_file());
            opened.write(&mut sink)?;
            sink.flush()?;
            drop(sink);
            let bytes = draft.as_file().metadata()?.len();
            // As whoever gets the file will check it: from its bytes.
            let written = Asice::open_with(draft.reopen()?, &Limits::streaming())?;
            let report =
                validate(&written, &anchors, now, &Policy { required_level: level, ..Policy::default() });
            app.signing().files.keep(draft, &kept)?;
            Ok((name, bytes, report))
        };
        let (name, bytes, report) = self.signing().compute(work).await?;
        Ok((next, name, bytes, report))
    }

    /// Puts a new state of a container in the place of `last`, if that is still its state. Otherwise the new one is thrown
    /// away.
    async fn replace(
        &self,
        work: &Work,
        last: &str,
        next: String,
        bytes: u64,
        state: State,
    ) -> Result<bool, Fault> {
        let (id, expected, file) = (work.signature.clone(), last.to_owned(), next.clone());
        let change = move |container: &mut Container| {
            let is_current = container.file == expected;
            let signature = container.find_mut(&id).ok_or(Fault::Ended)?;
            if signature.state.is_over() {
                return Err(Fault::Ended);
            }
            if is_current {
                signature.template = None;
                signature.state = state;
                container.file = file;
                container.bytes = bytes;
            }
            Ok(is_current)
        };
        let changed = self.change_signing(&work.container, Some(&work.signature), change).await;
        let files = &self.signing().files;
        match changed {
            Ok((_, true)) => {
                files.remove(last);
                files.remove(&prepared_name(&work.container, &work.signature));
                Ok(true)
            }
            Ok((_, false)) => {
                files.remove(&next);
                Ok(false)
            }
            Err(fault) => {
                files.remove(&next);
                Err(fault)
            }
        }
    }

    async fn complete_document(
        &self,
        work: &Work,
        container: &Container,
        signature: &Signature,
        value: &[u8],
        level: Level,
    ) -> Result<(), Fault> {
        let (app, value) = (self.clone(), value.to_vec());
        let name = prepared_name(&container.id, &signature.id);
        let finish = move || {
            let prepared = PreparedSignature::from_bytes(&app.signing().files.read(&name)?)?;
            Ok(prepared.finish(&value)?)
        };
        let mut signed = self.signing().compute(finish).await?;
        let field = signed.document().signatures.last().map(|signature| signature.field.clone());
        let field = field.ok_or(Fault::Damaged("the document"))?;
        let long_term = self.long_term(self.now())?;
        // A document is time-stamped as a whole: nobody asks for this.
        let imprint = |_, _| async { Ok(Vec::new()) };
        let (now, watch) = (|| self.now(), |step: long_term::Step<'_>| left_out(&step));
        long_term.complete(&mut signed, level, imprint, now, &mut self.randomness(), watch).await?;
        let time_stamp = signed.last_time_stamp();

        let next = file_name(&container.id, &self.randomness());
        let (app, kept, now) = (self.clone(), next.clone(), self.now());
        let anchors = self.signing_anchors(now)?;
        let write = move || {
            let bytes = signed.into_bytes();
            let policy = Policy { required_level: level, ..Policy::default() };
            let report = validate_bytes(&bytes, None, &Limits::default(), &anchors, now, &policy);
            let mut draft = app.signing().files.draft()?;
            draft.write_all(&bytes)?;
            app.signing().files.keep(draft, &kept)?;
            Ok((bytes.len() as u64, report))
        };
        let (bytes, report) = self.signing().compute(write).await?;
        let mut done = done_of(&report, "", &field, time_stamp, self.now())?;
        done.file.clone_from(&field);
        if self.replace(work, &container.file, next, bytes, State::Complete(done)).await? {
            Ok(())
        } else {
            // One signature at a time is let in, so nothing else changes the document.
            Err(Fault::Damaged("the document, which has changed"))
        }
    }
}

/// What validators may ask for beyond the level was not to be had: for those who run the service.
fn left_out(step: &long_term::Step<'_>) {
    if let long_term::Step::LeftOut { error, .. } = step {
        tracing::debug!(error = %error, "a status that the level does not need was left out");
    }
}

fn wanted_of(signature: &Signature) -> Result<&Wanted, Fault> {
    signature.wanted.as_ref().ok_or(Fault::Damaged("what was asked for"))
}

fn chosen_of(chosen: &ChosenCertificate) -> Chosen {
    Chosen {
        document: Some(chosen.document.clone()),
        certificate: b64(chosen.certificate().as_der()),
        by_same_device: chosen.flow == Some(FlowType::Web2App),
    }
}

fn certificate_of(chosen: &Chosen) -> Result<Certificate, Fault> {
    let damaged = Fault::Damaged("the certificate");
    let Some(der) = from_b64(&chosen.certificate) else { return Err(damaged) };
    Certificate::from_der(&der).map_err(|_| damaged)
}

fn signing_of(wanted: &Wanted, digest: &[u8]) -> Result<Signing, Fault> {
    let signing = Signing::of_digest(digest, wanted.hash, wanted.text.clone())?;
    Ok(Signing { level: wanted.certificate_level, ..signing })
}

fn digest_of(wanted: &Wanted) -> Digest {
    // Both lists have the same six.
    Digest::by_name(wanted.hash.as_str()).unwrap_or(Digest::Sha512)
}

fn algorithm_of(certificate: &Certificate, digest: Digest, pkcs1: bool) -> SignatureAlgorithm {
    match certificate.public_key().kind() {
        KeyKind::Rsa { .. } if pkcs1 => SignatureAlgorithm::RsaPkcs1(digest),
        KeyKind::Rsa { .. } => SignatureAlgorithm::RsaPss(digest),
        KeyKind::Ec(_) => SignatureAlgorithm::Ecdsa(digest),
    }
}

/// What the check says of one signature.
fn done_of(
    report: &Report,
    file: &str,
    id: &str,
    time_stamp: Option<Timestamp>,
    at: Timestamp,
) -> Result<Done, Fault> {
    let found = report
        .signatures
        .iter()
        .find(|signature| signature.id == id && (file.is_empty() || signature.file == file));
    let found = found.ok_or_else(|| Fault::OwnCheck("the signature is not found in it".to_owned()))?;
    let fault = report.errors.first().or(found.errors.first());
    if !found.is_valid() || !report.errors.is_empty() {
        let why = fault.map_or_else(|| found.indication.to_string(), |finding| finding.rule.clone());
        return Err(Fault::OwnCheck(why));
    }
    Ok(Done {
        at,
        signature: id.to_owned(),
        file: file.to_owned(),
        format: found.signature_format.clone().unwrap_or_default(),
        signed_by: found.signed_by.clone(),
        time_stamp,
    })
}

fn pdf_request(
    wanted: &Wanted,
    certificate: &Certificate,
    authorities: Vec<Certificate>,
    algorithm: SignatureAlgorithm,
    now: Timestamp,
) -> Result<PdfSignatureRequest, Fault> {
    let Pdf { reason, location, contact, field, certify, visible } =
        wanted.statements.pdf.clone().unwrap_or_default();
    let appearance = visible.map(|visible| appearance(visible, certificate, reason.as_deref(), now));
    Ok(PdfSignatureRequest {
        authorities,
        field,
        name: certificate.subject().common_name(),
        reason: reason.clone(),
        location,
        contact,
        certification: certify.map(|certify| match certify {
            Certify::NoChanges => Permission::NoChanges,
            Certify::FormFilling => Permission::FormFilling,
            Certify::Annotations => Permission::Annotations,
        }),
        appearance: appearance.transpose()?,
        ..PdfSignatureRequest::new(certificate.clone(), algorithm, now)
    })
}

fn appearance(
    visible: Visible,
    certificate: &Certificate,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<Appearance, Fault> {
    let Visible { page, rectangle, mut lines, font, picture } = visible;
    if lines.is_empty() {
        lines = Appearance::usual_lines(certificate, reason, now);
    }
    let bytes = |text: &String| from_b64(text).ok_or(Fault::Damaged("font or picture"));
    let font = font.as_ref().map(|text| Ok::<_, Fault>(Font::from_bytes(bytes(text)?)?)).transpose()?;
    let picture =
        picture.as_ref().map(|text| Ok::<_, Fault>(Picture::from_bytes(&bytes(text)?)?)).transpose()?;
    Ok(Appearance { page, rectangle, lines, font, picture })
}
