//! Groups that ask for a key, a signature or a token against one that asks for nothing, in the same run.
//!
//! Both loads of a pair send the same headers, so that they differ in nothing but the gateway's work. Engines with keys
//! of their own, HAProxy with hashes of keys and Envoy with the keys themselves, are measured in turns with it.

use std::error::Error;

use crate::callers::{Callers, path};
use crate::measure::{Caller, Client, Load, Process};
use crate::{ROUNDS, engines, median, nginx, served, time};

/// A way to be let in.
#[derive(Clone, Copy)]
enum Credential {
    Key,
    Signature,
    Token(usize),
}

/// The rows: each credential, the group that takes it, and the share of the requests a second that is the goal.
const ROWS: [(&str, Credential, &str, f64); 4] = [
    ("subscription key", Credential::Key, "key", 0.97),
    ("JDCLOUD2, empty body", Credential::Signature, "signed", 0.75),
    ("token, RS256", Credential::Token(0), "token", 0.95),
    ("token, Ed25519", Credential::Token(1), "token", 0.95),
];

/// Loads of a gateway without and with a credential.
type LoadPairs = [Vec<Load>; 2];

/// Prints the cost of letting somebody in, here and by other engines, and of refusing somebody.
pub(crate) fn measure(seconds: u32) -> Result<(), Box<dyn Error>> {
    crate::measure::find("openssl", "openssl")?;
    let origin = nginx::origin()?;
    let mut callers = Callers::new(&format!("http://127.0.0.1:{}", origin.port))?;
    let gateway = served::serve(&callers.workspace)?;
    println!("| credential | requests/s without | with | share | goal | p50 | p99 | CPU a request |");
    println!("|---|---|---|---|---|---|---|---|");
    for (name, credential, group, goal) in ROWS {
        let mut rate = 20_000.0;
        let pairs = in_turns(|is_asked, is_warm| {
            let (group, seconds) = (if is_asked { group } else { "open" }, if is_warm { seconds } else { 1 });
            let caller = caller(&mut callers, credential, group, rate * f64::from(seconds))?;
            let load = Client::Caller(&caller).load(&gateway, &path(group), seconds)?;
            rate = load.requests_a_second.max(rate);
            Ok(load)
        })?;
        row(name, &pairs, &format!("{goal:.2}"));
    }
    println!();
    compare_engines(&callers, &gateway, origin.port, seconds)?;
    println!();
    refusals(&callers, &gateway, seconds)
}

/// Returns a caller of a group that sends about so many requests.
fn caller(callers: &mut Callers, credential: Credential, group: &str, count: f64) -> Result<Caller, Box<dyn Error>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of requests")]
    let most = (count * 1.5) as usize + 5_000;
    match credential {
        Credential::Key => Ok(callers.with_key(group)),
        Credential::Token(which) => Ok(callers.with_token(group, which)),
        Credential::Signature => callers.with_signatures(group, most),
    }
}

/// Puts two loads in turns, once to warm up and then in rounds, the one that begins changing.
fn in_turns(mut load: impl FnMut(bool, bool) -> Result<Load, Box<dyn Error>>) -> Result<LoadPairs, Box<dyn Error>> {
    let mut loads: LoadPairs = [Vec::new(), Vec::new()];
    for is_second in [false, true] {
        load(is_second, false)?;
    }
    for round in 0..ROUNDS {
        for turn in 0..2 {
            let is_second = (round + turn) % 2 == 1;
            loads[usize::from(is_second)].push(load(is_second, true)?);
        }
    }
    Ok(loads)
}

fn share(pairs: &LoadPairs, figure: fn(&Load) -> f64) -> f64 {
    let [first, second] = pairs;
    median(second.iter().zip(first).map(|(second, first)| figure(second) / figure(first)))
}

fn row(name: &str, pairs: &LoadPairs, goal: &str) {
    let [without, with] = pairs;
    let of = |loads: &[Load], figure: fn(&Load) -> f64| median(loads.iter().map(figure));
    println!(
        "| {name} | {:.0} | {:.0} | {:.3} | {goal} | {} → {} | {} → {} | {:.1} → {:.1} us |",
        of(without, |load| load.requests_a_second),
        of(with, |load| load.requests_a_second),
        share(pairs, |load| load.requests_a_second),
        time(of(without, |load| load.median_us)),
        time(of(with, |load| load.median_us)),
        time(of(without, |load| load.nearly_all_us)),
        time(of(with, |load| load.nearly_all_us)),
        of(without, |load| load.cpu_us),
        of(with, |load| load.cpu_us),
    );
}

/// Prints what a subscription key costs in each engine, and the requests a second with it against those of this
/// gateway.
fn compare_engines(callers: &Callers, gateway: &Process, origin: u16, seconds: u32) -> Result<(), Box<dyn Error>> {
    println!("| subscription key | requests/s without | with | share | of the engine's | p50 | p99 | CPU a request |");
    println!("|---|---|---|---|---|---|---|---|");
    for (name, engine) in [("HAProxy", engines::haproxy(callers)), ("Envoy", engines::envoy(callers, origin))] {
        let engine = match engine {
            Ok(engine) => engine,
            Err(error) => {
                println!("| {name}: not measured, {error} | - | - | - | - | - | - | - |");
                continue;
            }
        };
        let mut loads: [LoadPairs; 2] = Default::default();
        for round in 0..=ROUNDS {
            for turn in 0..4 {
                let place = (round + turn) % 4;
                let (which, group) = (place / 2, ["open", "key"][place % 2]);
                let process = [&engine, gateway][which];
                let client = callers.with_key(group);
                let seconds = if round == 0 { 1 } else { seconds };
                let load = Client::Caller(&client).load(process, &path(group), seconds)?;
                if round > 0 {
                    loads[which][place % 2].push(load);
                }
            }
        }
        let [theirs, ours] = loads;
        let with = [theirs[1].as_slice(), ours[1].as_slice()];
        let rates = with[1].iter().zip(with[0]).map(|(ours, theirs)| ours.requests_a_second / theirs.requests_a_second);
        let of_theirs = median(rates);
        row(name, &theirs, "1.00");
        row(&format!("apigw beside {name}"), &ours, &format!("{of_theirs:.2}"));
    }
    Ok(())
}

/// Prints what it takes to refuse an unknown id against the wrong secret of a known one.
fn refusals(callers: &Callers, gateway: &Process, seconds: u32) -> Result<(), Box<dyn Error>> {
    println!("| refused | unknown id, requests/s | wrong secret | share | goal | p50 | p99 | CPU a request |");
    println!("|---|---|---|---|---|---|---|---|");
    for (name, group) in [("subscription key", "key"), ("JDCLOUD2", "signed")] {
        let pairs = in_turns(|is_known, is_warm| {
            let caller =
                if group == "key" { callers.with_wrong_key(is_known) } else { callers.with_wrong_signature(is_known) }?;
            Client::Caller(&caller).load(gateway, &path(group), if is_warm { seconds } else { 1 })
        })?;
        row(name, &pairs, "1.00");
    }
    Ok(())
}
