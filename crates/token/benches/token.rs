//! What a token costs, and whether the time of a refusal says what was wrong.
//!
//!     cargo bench -p countersign-token
//!
//! Goals: opening a token takes less than 5 µs, and no group of flipped bits is refused in a time of its own: by Welch's
//! t-test of each group against all others, over interleaved samples, |t| stays below 4.5, as is usual for such tests, or the
//! medians differ by less than 1 %: with this many samples the test sees single nanoseconds, which no network does.

use std::hint::black_box;
use std::time::{Duration, Instant};

use base64ct::{Base64UrlUnpadded, Encoding};
use countersign_token::{
    Assurance, Claims, Holder, KeyRing, Method, Reader, Rejection, Rules, TokenId, open, seal,
};
use criterion::Criterion;
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

const GOAL: Duration = Duration::from_micros(5);
const T: f64 = 4.5;
const MEDIANS: f64 = 0.01;
const SAMPLES: usize = 6_000;
/// Refusals in one sample: one alone is too short for the clock.
const BATCH: usize = 8;

fn main() {
    let now: Timestamp = "2026-06-01T12:00:00Z".parse().expect("a time");
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let rules = Rules::new("https://id.example.org", "registry");
    let ring = KeyRing::generate(now, &mut rng)
        .rotate(now, SignedDuration::from_hours(24), &rules, &mut rng)
        .expect("a second key");
    let holder = Holder::new("EE", "30110100103", "Jan", "Tamm").expect("a holder");
    let claims = Claims::new(&rules, holder, Method::SmartId, Assurance::High, TokenId([7; 16]), now);
    let token = seal(&claims, ring.sealing(now), &mut rng).expect("a token");

    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("open a token", |b| {
        b.iter(|| open(black_box(&token), &ring, &rules, now).expect("a good token"));
    });
    let reader = Reader::new(KeyRing::parse(&ring.to_text()).expect("a ring"), rules.clone());
    criterion.bench_function("know a token again", |b| {
        b.iter(|| reader.open(black_box(&token), now).expect("a good token"));
    });
    criterion.bench_function("seal a token", |b| {
        b.iter(|| seal(black_box(&claims), ring.sealing(now), &mut rng).expect("a token"));
    });
    criterion.final_summary();

    let mut opened: Vec<_> = (0..2_000)
        .map(|_| {
            let begun = Instant::now();
            for _ in 0..BATCH {
                let _ = black_box(open(black_box(&token), &ring, &rules, now));
            }
            begun.elapsed() / u32::try_from(BATCH).expect("a small number")
        })
        .collect();
    opened.sort_unstable();
    let median = opened[opened.len() / 2];
    say(&format!("open a token: median {median:?}, goal {GOAL:?}: {}", met(median < GOAL)));
    refusals(&token, &ring, &rules, now, &mut rng);
}

/// Each group of bits against all others.
fn refusals(token: &str, ring: &KeyRing, rules: &Rules, now: Timestamp, rng: &mut ChaCha20Rng) {
    let octets = Base64UrlUnpadded::decode_vec(token).expect("a token of ours");
    let last = octets.len();
    let groups = [
        ("version", 0..1),
        ("key id", 1..5),
        ("nonce", 5..29),
        ("claims, first half", 29..269),
        ("claims, second half", 269..last - 16),
        ("tag", last - 16..last),
    ];
    // As octets and as the text itself, where a flipped bit may also leave the alphabet.
    let mut kinds: Vec<(String, Vec<String>)> = groups
        .iter()
        .map(|(name, range)| {
            let flipped = range.clone().flat_map(|octet| (0..8).map(move |bit| (octet, bit)));
            let tokens = flipped.map(|(octet, bit)| {
                let mut flipped = octets.clone();
                flipped[octet] ^= 1 << bit;
                Base64UrlUnpadded::encode_string(&flipped)
            });
            ((*name).to_owned(), tokens.collect())
        })
        .collect();
    let outside = (0..token.len()).filter_map(|place| {
        let mut text = token.to_owned().into_bytes();
        text[place] = b'!';
        String::from_utf8(text).ok()
    });
    kinds.push(("a character outside the alphabet".into(), outside.collect()));

    let mut samples: Vec<Vec<f64>> = vec![Vec::with_capacity(SAMPLES); kinds.len()];
    let mut shown = String::with_capacity(token.len());
    for _ in 0..SAMPLES {
        // In another order each time, so that nobody is always first.
        let first = rng.next_u32() as usize % kinds.len();
        for step in 0..kinds.len() {
            let kind = (first + step) % kinds.len();
            let tokens = &kinds[kind].1;
            // In one place, just written: a group of thousands of tokens would lie further away than one of eight, and
            // that is no property of the code.
            shown.clear();
            shown.push_str(&tokens[rng.next_u32() as usize % tokens.len()]);
            let begun = Instant::now();
            for _ in 0..BATCH {
                let refused: Result<_, Rejection> = open(black_box(&shown), ring, rules, now);
                assert!(black_box(refused).is_err());
            }
            samples[kind].push(begun.elapsed().as_secs_f64() * 1e9 / BATCH as f64);
        }
    }
    // Interrupts are no property of the code: what lies above the 90th percentile of all is left out everywhere.
    let mut all: Vec<f64> = samples.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let cut = all[all.len() * 9 / 10];
    for kind in &mut samples {
        kind.retain(|sample| *sample <= cut);
        kind.sort_by(f64::total_cmp);
    }
    let mut good = true;
    for (index, (name, tokens)) in kinds.iter().enumerate() {
        let others: Vec<f64> = samples
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .flat_map(|(_, s)| s)
            .copied()
            .collect();
        let (own, rest) = (middle(&samples[index]), middle(&others));
        let t = welch(&samples[index], &others);
        let equal = t.abs() < T || (own - rest).abs() < MEDIANS * rest;
        good &= equal;
        say(&format!(
            "refuse, {name} ({} tokens): median {own:.0} ns, all others {rest:.0} ns, t = {t:.1}: {}",
            tokens.len(),
            if equal { "no difference" } else { "DIFFERENT" }
        ));
    }
    say(&format!("refusals take one time: {}", met(good)));
}

fn middle(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn welch(a: &[f64], b: &[f64]) -> f64 {
    let moments = |samples: &[f64]| {
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let variance = samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((mean_a, error_a), (mean_b, error_b)) = (moments(a), moments(b));
    (mean_a - mean_b) / (error_a + error_b).sqrt()
}

fn met(good: bool) -> &'static str {
    if good { "met" } else { "MISSED" }
}

#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
fn say(text: &str) {
    println!("{text}");
}
