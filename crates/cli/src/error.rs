//! What can go wrong, in words for the person at the terminal: what was expected, what came, what to do.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use countersign_server::{authority, config, dev, listen};
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
    /// Nobody said whom to trust.
    #[error("whom to trust is not said")]
    NoTrust,
    /// The trust files cannot be made.
    #[error("the trust files cannot be made: {0}")]
    TrustFiles(#[from] countersign_pki::Error),
    /// The program could not start its own machinery.
    #[error("cannot start: {0}")]
    Start(#[source] std::io::Error),
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
            Self::NoAnchor { .. } => {
                Some("put the CA certificates there, or make the TEST ones with `countersign trust export DIR`".into())
            }
            _ => None,
        }
    }

    /// The number that the program ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::NoTrust => 2,
            Self::File { .. }
            | Self::FileTooLarge { .. }
            | Self::Exists { .. }
            | Self::NoCertificate { .. }
            | Self::NoAnchor { .. }
            | Self::Config { .. } => 3,
            Self::Start(_)
            | Self::Listen(_)
            | Self::TlsListen(_)
            | Self::TrustFiles(_)
            | Self::Service(_)
            | Self::Authority(_)
            | Self::TestWorld(_) => 4,
        })
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
