//! What can go wrong, in words for the person at the terminal: what was expected, what came, what to do.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use countersign_client::Error as Client;
use countersign_server::{authority, config, dev, listen, registrant};
use thiserror::Error;

/// The exit codes, as every `--help` shows them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done; everything that was checked passed
  1  checked, and it did not pass
  2  wrong usage
  3  a file cannot be read or written
  4  the service cannot be reached, or refuses the request
  5  the person did not confirm: refused, no time left, wrong code, ...
  6  what the service answered cannot be trusted";

/// Why a command did not do what it was asked to.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A file or directory that cannot be read or written.
    #[error("cannot {action} {}: {source}", .path.display())]
    File {
        /// What was tried: `read`, `write`, `create`.
        action: &'static str,
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file larger than any that makes sense there.
    #[error("{} is larger than {limit} bytes", .path.display())]
    FileTooLarge {
        /// Which one.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// A file is in the place of one to be written.
    #[error("{} is there already", .path.display())]
    Exists {
        /// Which one.
        path: PathBuf,
    },
    /// A file in a trust directory holds no certificate.
    #[error("{} holds no certificate: {source}", .path.display())]
    NoCertificate {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        source: countersign_pki::Error,
    },
    /// A trust directory without an anchor.
    #[error("{} holds no CA certificate (*.pem, *.crt, *.cer, *.der)", .directory.display())]
    NoAnchor {
        /// Which one.
        directory: PathBuf,
    },
    /// A trusted list that is not taken.
    #[error("{}: {source}", .path.display())]
    TrustedList {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: countersign_container::trusted_list::ListError,
    },
    /// The test trusted list could not be made.
    #[error("the test trusted list cannot be made: {0}")]
    OwnTrustedList(countersign_container::trusted_list::ListError),
    /// A policy that is neither built in nor a file.
    #[error("there is no policy {name:?}, and no file of that name")]
    UnknownPolicy {
        /// What was given.
        name: String,
    },
    /// A policy file that is none.
    #[error("{}: {source}", .path.display())]
    Policy {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: countersign_container::policy::PolicyError,
    },
    /// A page for several files.
    #[error("--html takes one file to check")]
    OneFileForPage,
    /// The key file of registrant tokens, or another thing that they need.
    #[error(transparent)]
    Registrant(#[from] registrant::Error),
    /// Keys of registrant tokens that cannot be put together.
    #[error("the keys cannot be rotated: {0}")]
    Token(countersign_token::Error),
    /// Nobody said where the keys of registrant tokens are.
    #[error("the key file is not said")]
    NoKeyFile,
    /// Nothing came where a password was to come.
    #[error("there is no password on standard input")]
    NoPassword,
    /// Nobody said whom to trust.
    #[error("whom to trust is not said")]
    NoTrust,
    /// Nobody said whom to trust, and the service is not on this machine.
    #[error("whom to trust is not said, and {url} is not on this machine")]
    NoTrustElsewhere {
        /// The service.
        url: String,
    },
    /// Nobody said who is to confirm.
    #[error("who is to confirm is not said")]
    NoPerson,
    /// An address that nothing can be asked at.
    #[error("{text} is not an http or https URL")]
    NotAUrl {
        /// What was given.
        text: String,
    },
    /// A path that names no file, or none that is text.
    #[error("{} has no file name that can be written into a container", .path.display())]
    NoFileName {
        /// Which one.
        path: PathBuf,
    },
    /// A hash that has no use in a container.
    #[error("the hash {name} cannot be used")]
    UnknownHash {
        /// Its name.
        name: String,
    },
    /// No time-stamping authority is known.
    #[error("no time-stamping authority is known")]
    NoTimeStamping,
    /// The issuer of the signer's certificate is not among the trusted ones.
    #[error("the certificate of the issuer is not at hand: {issuer}")]
    NoIssuer {
        /// Its name.
        issuer: String,
    },
    /// HTTP cannot be set up.
    #[error("connections cannot be set up: {0}")]
    Connections(String),
    /// A call over HTTP failed.
    #[error("{what} cannot be had from {url}: {why}")]
    Call {
        /// What was asked for.
        what: &'static str,
        /// Where.
        url: String,
        /// What happened.
        why: String,
    },
    /// The service refused an operator's call.
    #[error("the service refuses ({status}): {why}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// In the service's words.
        why: String,
    },
    /// The act takes two people: nothing was done, and a proposal waits.
    #[error("{act} takes two people: nothing was done yet; proposal {proposal} waits until {expires}")]
    Proposed {
        /// What was asked for.
        act: String,
        /// What waits.
        proposal: String,
        /// Until when.
        expires: String,
    },
    /// An answer that is not what the API gives.
    #[error("the answer of {url} cannot be read: {why}")]
    UnreadableAnswer {
        /// Where.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nobody said with which key.
    #[error("the key of an operator is not said, and {url} is not on this machine")]
    NoAdminKey {
        /// The service.
        url: String,
    },
    /// A key must not travel in the open.
    #[error("the key of an operator would travel in the open to {url}")]
    PlainKey {
        /// The service.
        url: String,
    },
    /// An id that no activation has.
    #[error("this is not the id of an activation")]
    NoActivation,
    /// Nothing that names a certificate of the authority.
    #[error("this names no CA, or no certificate that a CA of the service has issued")]
    NoCertificateNamed,
    /// An answer holds no certificate.
    #[error("{url} holds no certificate: {source}")]
    NoCertificateThere {
        /// Where.
        url: String,
        /// What is wrong with it.
        source: countersign_pki::Error,
    },
    /// The service was not reached, or refused.
    #[error(transparent)]
    Client(#[from] countersign_client::Error),
    /// An answer of the service did not pass its checks.
    #[error(transparent)]
    Checked(countersign_client::Error),
    /// A container cannot be made.
    #[error(transparent)]
    Container(#[from] countersign_container::Error),
    /// `--format pdf` with several files.
    #[error("--format pdf takes one document")]
    OneDocument,
    /// An option that PDF documents have no use for.
    #[error("{option} is for containers")]
    OptionOfContainers {
        /// Which one.
        option: &'static str,
    },
    /// An option that containers have no use for.
    #[error("{option} needs --format pdf")]
    OptionOfDocuments {
        /// Which one.
        option: &'static str,
    },
    /// `--add` with several files.
    #[error("--add takes one container")]
    OneContainer,
    /// Nothing in a container can be extended.
    #[error("{} holds no signature{} that can be extended", .path.display(), which(.id))]
    NothingToExtend {
        /// The container.
        path: PathBuf,
        /// The signature asked for.
        id: Option<String>,
    },
    /// There is no signature of this name to remove.
    #[error("{} holds no signature {id:?}", .path.display())]
    NothingToRemove {
        /// The file.
        path: PathBuf,
        /// The signature asked for.
        id: String,
    },
    /// Two signatures have this name.
    #[error("{} holds several signatures {id:?}", .path.display())]
    SeveralToRemove {
        /// The file.
        path: PathBuf,
        /// The signature asked for.
        id: String,
    },
    /// The finished container does not pass.
    #[error("the finished container did not pass its own check; nothing was written")]
    OwnContainer,
    /// Certificates or requests cannot be made or read.
    #[error(transparent)]
    Pki(#[from] countersign_pki::Error),
    /// The filter of the log cannot be read.
    #[error("COUNTERSIGN_LOG={text:?} is no filter: {source}")]
    LogFilter {
        /// What was given.
        text: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// The program could not start its own machinery.
    #[error("cannot start: {0}")]
    Start(#[source] std::io::Error),
    /// The sample bank cannot be opened.
    #[error(transparent)]
    Bank(#[from] countersign_bank::Error),
    /// An address is taken, or is not ours.
    #[error(transparent)]
    Listen(listen::Error),
    /// The same for the address of HTTPS.
    #[error(transparent)]
    TlsListen(listen::Error),
    /// The configuration cannot be read.
    #[error("{}{source}", place(.path))]
    Config {
        /// The file, if there is one.
        path: Option<PathBuf>,
        /// What is wrong.
        source: config::Error,
    },
    /// The parts of the service do not fit together.
    #[error(transparent)]
    Service(#[from] countersign_server::Error),
    /// The embedded or stored authority is not usable.
    #[error(transparent)]
    Authority(#[from] authority::Error),
    /// The test world cannot be set up.
    #[error(transparent)]
    TestWorld(#[from] dev::Error),
}

impl From<countersign_client::long_term::Error> for Error {
    fn from(error: countersign_client::long_term::Error) -> Self {
        use countersign_client::long_term::Error as LongTerm;
        match error {
            LongTerm::Evidence(error) => Self::Client(error),
            LongTerm::Container(error) => Self::Container(error),
            LongTerm::NoIssuer { issuer } => Self::NoIssuer { issuer },
            // No authority is set; the list may grow in a crate below.
            LongTerm::NoTimeStamping => Self::NoTimeStamping,
        }
    }
}

fn which(id: &Option<String>) -> String {
    id.as_ref().map_or_else(String::new, |id| format!(" {id:?}"))
}

fn place(path: &Option<PathBuf>) -> String {
    path.as_ref().map_or_else(String::new, |path| format!("{}: ", path.display()))
}

impl Error {
    /// What to do about it, where that is not plain from the error.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self {
            Self::Listen(listen::Error::Bind { address, source }) => {
                Some(other_address("--listen", *address, source))
            }
            Self::TlsListen(listen::Error::Bind { address, source }) => {
                Some(other_address("--tls-listen", *address, source))
            }
            Self::Exists { .. } => Some("nothing was written. Choose another place, or give --force".into()),
            Self::NoTrust => Some(
                "give --trust DIR with the CA certificates you trust. For files signed with `countersign dev`: \
                 --dev-trust, or `countersign trust export DIR` first"
                    .into(),
            ),
            Self::NoTrustElsewhere { .. } => Some(
                "give --trust DIR with the CA certificates you trust. Only a service on this machine may say itself whom to \
                 trust"
                    .into(),
            ),
            Self::Refused { status: 401, .. } => {
                Some("give the key with --admin-key or COUNTERSIGN_ADMIN_KEY; its hash belongs into [[admin]] of the configuration".into())
            }
            Self::NoAdminKey { .. } => Some("give --admin-key KEY or COUNTERSIGN_ADMIN_KEY".into()),
            Self::PlainKey { .. } => Some("give an https URL".into()),
            Self::NoKeyFile => Some("give --keys FILE, or --data DIR for the data directory of the service".into()),
            Self::NoPassword => Some("give it as one line: countersign token hash-password < password.txt".into()),
            Self::Proposed { .. } => Some("have another operator look at it: countersign proposal list".into()),
            Self::NoActivation => Some("give the eight letters and digits that `countersign person activate` printed".into()),
            Self::NoCertificateNamed => {
                Some("give the name of the CA (eid-q) and the serial number in hexadecimal, or --certificate FILE".into())
            }
            Self::NoPerson => Some("give --person PNOEE-… or --document PNOEE-…-Q".into()),
            Self::LogFilter { .. } => {
                Some("give error, warn, info, debug or trace, or a filter such as countersign_server=debug".into())
            }
            Self::NoTimeStamping => Some("give --tsa URL, or --level B for a signature without a time-stamp".into()),
            Self::NoIssuer { .. } => Some("put it into the directory that --trust names".into()),
            Self::Call { .. } | Self::Client(Client::Connection { .. }) => {
                Some("is the service running there? `countersign dev` starts one; --url URL or COUNTERSIGN_URL names another".into())
            }
            Self::Client(Client::AccountNotFound) => Some(
                "check the number. The start page of `countersign dev` lists the test persons and their numbers".into(),
            ),
            Self::Client(Client::NoSuitableAccount) => {
                Some("a lower level may do: --certificate-level ADVANCED".into())
            }
            Self::UnknownPolicy { .. } => {
                let names = countersign_container::Policy::NAMES.join(", ");
                Some(format!("use one of {names}, or the path of a TOML file of that form"))
            }
            Self::NothingToRemove { .. } => Some("`countersign inspect` shows which there are".into()),
            Self::NoAnchor { .. } => {
                Some("put the CA certificates there, or make the TEST ones with `countersign trust export DIR`".into())
            }
            _ => None,
        }
    }

    /// The number that the program ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::OwnContainer
            | Self::NothingToExtend { .. }
            | Self::NothingToRemove { .. }
            | Self::SeveralToRemove { .. } => 1,
            Self::NoTrust
            | Self::UnknownPolicy { .. }
            | Self::OneFileForPage
            | Self::OneContainer
            | Self::OneDocument
            | Self::OptionOfContainers { .. }
            | Self::OptionOfDocuments { .. }
            | Self::NoTrustElsewhere { .. }
            | Self::NoPerson
            | Self::NotAUrl { .. }
            | Self::NoAdminKey { .. }
            | Self::PlainKey { .. }
            | Self::NoActivation
            | Self::NoKeyFile
            | Self::NoPassword
            | Self::NoCertificateNamed
            | Self::UnknownHash { .. }
            | Self::LogFilter { .. }
            | Self::NoTimeStamping => 2,
            Self::File { .. }
            | Self::Registrant(_)
            | Self::FileTooLarge { .. }
            | Self::Exists { .. }
            | Self::NoCertificate { .. }
            | Self::NoAnchor { .. }
            | Self::TrustedList { .. }
            | Self::OwnTrustedList(_)
            | Self::Policy { .. }
            | Self::NoIssuer { .. }
            | Self::NoFileName { .. }
            | Self::Config { .. } => 3,
            Self::Start(_)
            | Self::Bank(_)
            | Self::Listen(_)
            | Self::TlsListen(_)
            | Self::Service(_)
            | Self::Authority(_)
            | Self::TestWorld(_)
            | Self::Connections(_)
            | Self::Refused { .. }
            | Self::Proposed { .. }
            | Self::Call { .. } => 4,
            Self::Client(error) | Self::Checked(error) => of_client(error),
            Self::Container(error) => of_container(error),
            Self::UnreadableAnswer { .. }
            | Self::Token(_)
            | Self::NoCertificateThere { .. }
            | Self::Pki(_) => 6,
        })
    }
}

fn of_client(error: &Client) -> u8 {
    match error {
        Client::Setting { .. }
        | Client::NoSuchEndpoint { .. }
        | Client::WrongRecipient { .. }
        | Client::Request(_)
        | Client::NoDeviceLink
        | Client::NoCallbackUrl(_)
        | Client::LinkTooLong { .. }
        | Client::NotACertificateChoice => 2,
        Client::Connection { .. }
        | Client::NoAnswer { .. }
        | Client::AnswerTooLong { .. }
        | Client::UnreadableAnswer { .. }
        | Client::BadRequest { .. }
        | Client::Unauthorized
        | Client::Forbidden { .. }
        | Client::AccountNotFound
        | Client::NoSuitableAccount
        | Client::SessionNotFound
        | Client::PersonShouldViewPortal
        | Client::ClientTooOld
        | Client::Maintenance
        | Client::UnexpectedStatus { .. } => 4,
        Client::Ended(_) | Client::StillRunning | Client::DocumentUnusable => 5,
        // Every other error is a check of an answer that failed.
        _ => 6,
    }
}

fn of_container(error: &countersign_container::Error) -> u8 {
    use countersign_container::Error as Container;
    match error {
        Container::WrongSignatureValue
        | Container::WrongCertificate { .. }
        | Container::WrongTimeStamp { .. }
        | Container::WrongOcspResponse { .. } => 6,
        Container::UnsupportedAlgorithm { .. } => 2,
        Container::NotRemovable { .. } => 1,
        _ => 3,
    }
}

fn other_address(option: &str, address: SocketAddr, source: &std::io::Error) -> String {
    let ip = match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    match source.kind() {
        std::io::ErrorKind::AddrInUse => format!(
            "something else listens there. Choose another port with {option} {ip}:{}, or any free one with {option} {ip}:0",
            address.port().checked_add(1).unwrap_or(1024)
        ),
        std::io::ErrorKind::PermissionDenied => {
            format!("ports below 1024 need rights. Choose a higher one, for instance {option} {ip}:8080")
        }
        std::io::ErrorKind::AddrNotAvailable => {
            format!(
                "this machine does not have that address. Use one of its own, for instance {option} 127.0.0.1:0"
            )
        }
        _ => format!("choose another address with --listen, for instance {option} {ip}:0 for any free port"),
    }
}
