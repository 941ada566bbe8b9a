//! `countersign token`: registrant tokens looked into and withdrawn, their keys rotated, passwords hashed.

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use countersign_client::registrant::{Claims, KeyRing, Rejection, Rules};
use countersign_client::wire::admin::{DeniedTokens, DenyTokens};
use countersign_client::wire::id::SemanticsIdentifier;
use countersign_server::registrant::password::PasswordHash;
use countersign_server::registrant::{keys_path, load_keys, store_keys};
use countersign_server::{Config, Randomness};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::desk::Desk;
use crate::error::Error;
use crate::http::Method;
use crate::screen::{self, Tone};
use crate::{clock, runtime, settings};

/// Look into registrant tokens, withdraw them, rotate their keys, hash passwords
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Examples:
  echo \"$TOKEN\" | countersign token inspect --data ./state
  countersign token rotate --data ./state --in 1h
  countersign token hash-password < password.txt
  countersign token deny --person PNOEE-30110100103

Exit codes:
  0  done; the token is good
  1  looked into, and the token is not good: it has expired, is for another service, ...
  2  wrong usage
  3  a file cannot be read or written
  4  the service cannot be reached, or refuses";

#[derive(Debug, Subcommand)]
enum Command {
    Inspect(Inspect),
    Rotate(Rotate),
    HashPassword(HashPassword),
    Deny(Deny),
}

/// Where the keys are.
#[derive(Debug, Args)]
struct Keys {
    /// The key file [default: keys/registrant.keys in the data directory]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The data directory of the service
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_DATA", hide_env_values = true)]
    data: Option<PathBuf>,
    /// The configuration of the service: its issuer, audience, lifetime and key file
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
}

/// Show what a token says, and whether it is good now
///
/// Reads the token from standard input unless it is given: other users of this machine can see the arguments of a program.
/// Without keys, only what everybody can see is shown. Whether a token was withdrawn only the service knows.
#[derive(Debug, Args)]
struct Inspect {
    /// The token
    token: Option<String>,
    #[command(flatten)]
    keys: Keys,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Add a key that seals from now on, or from a later time, and drop those that open nothing any more
///
/// A running service reads the file again within seconds. Tokens that older keys sealed stay good until their end. Where
/// several servers share the keys, give --in long enough for the file to reach them all.
#[derive(Debug, Args)]
struct Rotate {
    #[command(flatten)]
    keys: Keys,
    /// After which time the new key seals, such as 90s, 15m, 1h
    #[arg(long = "in", value_name = "TIME", default_value = "0s", value_parser = duration)]
    lead: SignedDuration,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Hash a password for [[registrant.user]]
///
/// Reads one line from standard input.
#[derive(Debug, Args)]
struct HashPassword {}

/// Withdraw one token, or all that a person has, as an operator
#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false, args = ["token_id", "person"])]
struct Deny {
    /// The name of one token: its jti, as `inspect` shows it
    #[arg(long, value_name = "ID")]
    token_id: Option<String>,
    /// Everything that this person has
    #[arg(long, value_name = "PNOEE-…", value_parser = SemanticsIdentifier::parse)]
    person: Option<SemanticsIdentifier>,
    #[command(flatten)]
    desk: Desk,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    match &arguments.command {
        Command::Inspect(wanted) => inspect(wanted),
        Command::Rotate(wanted) => rotate(wanted),
        Command::HashPassword(_) => hash_password(),
        Command::Deny(wanted) => runtime::small()?.block_on(deny(wanted)).map(|()| ExitCode::SUCCESS),
    }
}

impl Keys {
    fn config(&self) -> Result<Config, Error> {
        let mut config = settings::load(self.config.as_deref())?;
        if self.data.is_some() {
            config.store.directory.clone_from(&self.data);
        }
        Ok(config)
    }

    /// The key file, where one is named in any way.
    fn path(&self, config: &Config) -> Option<PathBuf> {
        self.keys.clone().or_else(|| keys_path(config))
    }
}

/// What was found out about a token.
struct Found {
    key: Option<String>,
    claims: Option<Claims>,
    verdict: Result<(), Rejection>,
}

fn inspect(wanted: &Inspect) -> Result<ExitCode, Error> {
    let token = match &wanted.token {
        Some(token) => token.clone(),
        None => line("the token")?.to_string(),
    };
    let token = token.trim();
    let token = token.strip_prefix("Bearer ").unwrap_or(token);
    let config = wanted.keys.config()?;
    let key = countersign_token::key_id(token).map(|id| id.to_string());
    let found = match wanted.keys.path(&config) {
        Some(path) => look_into(token, key, &load_keys(&path)?, &config.registrant.rules(), clock::now()),
        None => Found {
            verdict: if key.is_some() { Ok(()) } else { Err(Rejection::Malformed) },
            key,
            claims: None,
        },
    };
    let sealed = found.claims.is_none() && found.verdict.is_ok();
    if wanted.json {
        screen::json(&as_json(&found, sealed));
    } else {
        show(&found, sealed);
    }
    Ok(if found.verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn look_into(token: &str, key: Option<String>, ring: &KeyRing, rules: &Rules, now: Timestamp) -> Found {
    // Also what is older than a token lives is shown.
    let patient = Rules { lifetime: SignedDuration::from_hours(24 * 36_500), ..rules.clone() };
    match countersign_token::unseal(token, ring, &patient, now) {
        Err(rejection) => Found { key, claims: None, verdict: Err(rejection) },
        Ok(claims) => {
            let verdict = countersign_token::open(token, ring, rules, now).map(drop);
            Found { key, claims: Some(claims), verdict }
        }
    }
}

fn as_json(found: &Found, sealed: bool) -> Value {
    let claims = found.claims.as_ref().map(Claims::to_json);
    let claims = claims.and_then(|claims| serde_json::from_slice::<Value>(&claims).ok());
    json!({
        "key": found.key,
        "claims": claims,
        "good": if sealed { Value::Null } else { Value::Bool(found.verdict.is_ok()) },
        "rejection": found.verdict.err().map(Rejection::word),
    })
}

fn show(found: &Found, sealed: bool) {
    if let Some(key) = &found.key {
        screen::line(format_args!("key          {key}"));
    }
    if let Some(claims) = &found.claims {
        let holder = &claims.holder;
        let optional = [
            ("client", claims.client.clone()),
            ("certificate", claims.certificate.map(|hash| hash.iter().map(|b| format!("{b:02x}")).collect())),
        ];
        let proven = if claims.is_proven() { "proven" } else { "asserted by the client" };
        for (name, value) in [
            ("holder", format!("{} {}, {}", holder.given_name(), holder.family_name(), holder.subject())),
            (
                "identity",
                format!("{proven}: {}, assurance {}", claims.method.word(), claims.assurance.word()),
            ),
            ("proven at", claims.authenticated_at.to_string()),
            ("issuer", claims.issuer.clone()),
            ("audience", claims.audience.clone()),
            ("issued at", claims.issued_at.to_string()),
            ("expires at", claims.expires_at.to_string()),
            ("token id", claims.id.to_string()),
        ]
        .into_iter()
        .chain(optional.into_iter().filter_map(|(name, value)| Some((name, value?))))
        {
            screen::line(format_args!("{name:<12} {value}"));
        }
    }
    match found.verdict {
        Ok(()) if sealed => screen::line("sealed; give --keys FILE or --data DIR to look into it"),
        Ok(()) => screen::line(screen::toned(Tone::Good, "good, unless the service has withdrawn it")),
        Err(rejection) => screen::line(screen::toned(Tone::Bad, format_args!("not good: {rejection}"))),
    }
}

fn rotate(wanted: &Rotate) -> Result<ExitCode, Error> {
    let config = wanted.keys.config()?;
    let path = wanted.keys.path(&config).ok_or(Error::NoKeyFile)?;
    let (now, mut rng) = (clock::now(), Randomness::system());
    let ring = load_keys(&path)?;
    let ring = ring.rotate(now, wanted.lead, &config.registrant.rules(), &mut rng).map_err(Error::Token)?;
    store_keys(&path, &ring)?;
    let keys: Vec<_> = ring
        .keys()
        .iter()
        .enumerate()
        .map(|(place, key)| {
            let until = ring.superseded(place);
            let state = match until {
                _ if key.from() > now => "next",
                Some(until) if until <= now => "retired",
                Some(_) | None => "current",
            };
            (key.id().to_string(), key.from(), until, state)
        })
        .collect();
    if wanted.json {
        let keys: Vec<_> = keys
            .iter()
            .map(|(id, from, until, state)| json!({ "id": id, "from": from, "until": until, "state": state }))
            .collect();
        screen::json(&json!({ "file": path, "keys": keys }));
    } else {
        for (id, from, until, state) in &keys {
            let until = until.map_or_else(String::new, |until| format!(" until {until}"));
            screen::line(format_args!("{id}  {state:<7}  seals from {from}{until}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn hash_password() -> Result<ExitCode, Error> {
    let password = line("the password")?;
    if password.is_empty() {
        return Err(Error::NoPassword);
    }
    let hash = PasswordHash::make(password.as_bytes(), &mut Randomness::system());
    screen::line(hash.to_text().as_str());
    Ok(ExitCode::SUCCESS)
}

async fn deny(wanted: &Deny) -> Result<(), Error> {
    let body = DenyTokens { token_id: wanted.token_id.clone(), person: wanted.person.clone() };
    let denied: DeniedTokens = wanted.desk.call(Method::POST, "/token-denials", Some(&body)).await?;
    if wanted.desk.json {
        screen::json(&denied);
    } else {
        screen::line(format_args!("withdrawn; the service remembers it until {}", denied.until));
    }
    Ok(())
}

/// One line of standard input. Asks for it where a person would have to type it.
fn line(what: &str) -> Result<Zeroizing<String>, Error> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        screen::warning(format_args!("type {what} and a new line; it will be seen"));
    }
    let mut text = Zeroizing::new(String::new());
    // Nothing that belongs here is longer.
    stdin.lock().take(16 * 1024).read_line(&mut text).map_err(|source| Error::File {
        action: "read",
        path: PathBuf::from("standard input"),
        source,
    })?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// A number with `s`, `m`, `h` or `d`.
fn duration(text: &str) -> Result<SignedDuration, &'static str> {
    const EXPECTED: &str = "expected a number with s, m, h or d, such as 15m";
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or(EXPECTED)?;
    let (number, unit) = text.split_at(split);
    let number: u32 = number.parse().map_err(|_| EXPECTED)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(EXPECTED),
    };
    Ok(SignedDuration::from_secs(i64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("0s", 0), ("15m", 900), ("1h", 3600), ("30d", 2_592_000)] {
            assert_eq!(duration(text), Ok(SignedDuration::from_secs(seconds)));
        }
        for wrong in ["", "5", "m", "-1h", "1w", "99999999999s", "1h30m"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
