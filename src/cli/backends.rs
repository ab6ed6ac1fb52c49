//! Looks at the addresses of backends that a plan is about to call, from this machine: a name that leads nowhere, and
//! an address that gateways refuse, are worth knowing before callers find out.

use std::collections::BTreeSet;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::gateway::is_refused_address;
use crate::model::{
    Backend, DeploymentState, GroupChange, GroupName, GroupSettings, HttpUrl, ReleaseAction, with_variables,
};
use crate::plan::{Facts as _, Plan};
use crate::workspace::DiskFacts;

/// The longest time for all names together. A name that takes longer is not spoken of.
const LONGEST_LOOKUP: Duration = Duration::from_secs(1);

/// A backend that a group is about to call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct BackendHost {
    group: GroupName,
    /// A name, or an address without brackets.
    host: String,
    /// The addresses that the group allows all the same.
    allowed: Vec<IpAddr>,
}

/// Warns of backends of a plan that cannot be resolved here, or that gateways refuse.
pub(super) fn warnings(plan: &Plan, facts: &DiskFacts<'_>) -> Vec<String> {
    let hosts: BTreeSet<BackendHost> =
        plan.operation.changes.iter().flat_map(|(group, change)| hosts(plan, facts, group, change)).collect();
    let environment = &plan.operation.environment;
    let resolved = resolve_all(&hosts);
    let warnings = resolved.into_iter().filter_map(|(host, result)| warning(&host, &result));
    warnings.map(|(group, warning)| format!("{group} in {environment}: {warning}")).collect()
}

fn warning(host: &BackendHost, resolved: &Result<Vec<IpAddr>, String>) -> Option<(GroupName, String)> {
    let BackendHost { group, host, allowed } = host;
    let text = match resolved {
        Err(error) => format!("the backend {host} cannot be resolved from here: {error}"),
        Ok(addresses) => {
            let is_barred = |address: &&IpAddr| is_refused_address(**address) && !allowed.contains(address);
            let address = addresses.iter().find(is_barred)?;
            format!(
                "the backend {host} has the address {address}, which is link-local or serves a cloud's metadata: gateways \
                 refuse it, unless `forwarding.allow_addresses` lists it"
            )
        }
    };
    Some((group.clone(), text))
}

/// Lists the hosts that a change makes a group call. A way back called them before.
fn hosts(plan: &Plan, facts: &DiskFacts<'_>, group: &GroupName, change: &GroupChange) -> Vec<BackendHost> {
    let is_new = matches!(change.action, ReleaseAction::Publish | ReleaseAction::Switch | ReleaseAction::Promote);
    let Backend::Http { url, variables } = &change.after.backend else { return Vec::new() };
    if !is_new || change.after.state != DeploymentState::Live {
        return Vec::new();
    }
    let settings = settings(plan, facts, group, change);
    let others = settings.iter().flat_map(|settings| settings.forwarding.addresses());
    let others = others.filter_map(|(_, text)| {
        with_variables(text, |name| variables.get(name).map(String::as_str)).ok()?.parse::<HttpUrl>().ok()
    });
    let allowed = settings.as_ref().map_or_else(Vec::new, |settings| settings.forwarding.allow_addresses.clone());
    let host =
        |url: &HttpUrl| BackendHost { group: group.clone(), host: url.host().to_owned(), allowed: allowed.clone() };
    std::iter::once(host(url)).chain(others.map(|url| host(&url))).collect()
}

/// Returns the settings of the version that goes live; `None` where they cannot be read, which is told elsewhere.
fn settings(plan: &Plan, facts: &DiskFacts<'_>, group: &GroupName, change: &GroupChange) -> Option<GroupSettings> {
    let is_frozen = !plan.freezes.contains_key(group);
    let candidate =
        if is_frozen { facts.released(group, &change.after).ok()?? } else { facts.working_copy(group, None).ok()? };
    Some(candidate.settings.clone())
}

/// Resolves hosts side by side, as far as they answer in time.
fn resolve_all(hosts: &BTreeSet<BackendHost>) -> Vec<(BackendHost, Result<Vec<IpAddr>, String>)> {
    let (sender, receiver) = mpsc::channel();
    for host in hosts {
        let (sender, host) = (sender.clone(), host.clone());
        thread::spawn(move || {
            let resolved = (host.host.as_str(), 443).to_socket_addrs();
            let resolved = resolved.map(|found| found.map(|address| address.ip()).collect());
            // Nobody listens any more where it took too long.
            let _ = sender.send((host, resolved.map_err(|error| error.to_string())));
        });
    }
    drop(sender);
    let deadline = Instant::now() + LONGEST_LOOKUP;
    let mut resolved = Vec::new();
    while let Ok(one) = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        resolved.push(one);
    }
    resolved.sort_by(|(one, _), (other, _)| one.cmp(other));
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_gateways_refuse_is_told_unless_the_group_allows_it() {
        let metadata: IpAddr = "169.254.169.254".parse().unwrap();
        let host = |allowed| BackendHost { group: "g".parse().unwrap(), host: "169.254.169.254".to_owned(), allowed };
        let told = |host: &BackendHost, resolved| warning(host, &resolved).map(|(_, text)| text);
        assert!(told(&host(vec![]), Ok(vec![metadata])).is_some_and(|text| text.contains("gateways refuse it")));
        assert_eq!(told(&host(vec![metadata]), Ok(vec![metadata])), None);
        assert_eq!(told(&host(vec![]), Ok(vec!["10.0.0.1".parse().unwrap()])), None);
        assert!(told(&host(vec![]), Err("no such host".to_owned())).is_some_and(|text| text.contains("no such host")));
    }

    #[test]
    fn an_address_needs_no_name_server() {
        let host = BackendHost { group: "g".parse().unwrap(), host: "127.0.0.1".to_owned(), allowed: Vec::new() };
        let resolved = resolve_all(&BTreeSet::from([host.clone()]));
        assert_eq!(resolved, [(host, Ok(vec!["127.0.0.1".parse().unwrap()]))]);
    }
}
