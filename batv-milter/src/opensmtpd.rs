//! A filter of OpenSMTPD: lines in, answers out, without I/O and without a clock.
//!
//! OpenSMTPD starts the filter, tells it by reports what happens in all SMTP sessions, and asks it what to do
//! with a command: smtpd-filters(7). MAIL is changed before its recipients are known, so rules on
//! recipients of mail that leaves cannot count. Bounces are judged at RCPT, as by the milter.

use crate::protocol::Client;
use crate::session::{Resolved, Site, Transaction};
use batv_config::{Config, RefuseAt};
use std::collections::HashMap;

/// What the filter wants to know and to decide.
const REGISTRATION: &[u8] = b"register|report|smtp-in|link-connect\n\
    register|report|smtp-in|link-auth\n\
    register|report|smtp-in|link-disconnect\n\
    register|report|smtp-in|protocol-client\n\
    register|report|smtp-in|tx-begin\n\
    register|report|smtp-in|tx-rcpt\n\
    register|report|smtp-in|tx-commit\n\
    register|report|smtp-in|tx-reset\n\
    register|filter|smtp-in|mail-from\n\
    register|filter|smtp-in|rcpt-to\n\
    register|ready\n";

/// What does not happen: OpenSMTPD asks about no recipient before it has asked about a sender.
const OUT_OF_ORDER: &str = "reject|451 4.3.0 Try again later";

/// The sessions of a running OpenSMTPD, by their names.
///
/// # Examples
/// ```
/// # use batv_milter::{log::Level, opensmtpd::Filter, session::Site};
/// # struct Example(std::sync::Arc<batv_config::Config>);
/// # impl Site for Example {
/// #     fn config(&self) -> std::sync::Arc<batv_config::Config> { self.0.clone() }
/// #     fn log(&self, _: Level, _: &str) {}
/// #     fn count(&self, _: batv_milter::metrics::Decided) {}
/// # }
/// # let text = "[[key]]\nnumber = 0\nsecret = 'secret'\nfor = ['example.test']";
/// # let site = Example(batv_config::Config::parse(text, |_| unreachable!()).unwrap().into());
/// let mut filter = Filter::default();
/// let mut ask = |line: &str| {
///     let mut out = Vec::new();
///     filter.handle(line.as_bytes(), 1_795_348_800, &site, &mut out);
///     String::from_utf8(out).unwrap()
/// };
/// ask("report|0.7|1795348800.000000|smtp-in|link-connect|5d|localhost|pass|127.0.0.1:1025|127.0.0.1:25");
/// assert_eq!(
///     ask("filter|0.7|1795348800.000000|smtp-in|mail-from|5d|1e|alice@example.test"),
///     "filter-result|5d|1e|rewrite|<prvs=0786864c09=alice@example.test>\n"
/// );
/// ```
#[derive(Debug, Default)]
pub struct Filter {
    sessions: HashMap<Vec<u8>, Session>,
}

#[derive(Debug)]
struct Session {
    client: Client,
    authenticated: bool,
    /// What stands behind the address in the last command: OpenSMTPD wants it again where it is to
    /// change the address.
    parameters: Vec<u8>,
    transaction: Option<Transaction>,
    queue: Option<Vec<u8>>,
    /// Whether the filter has accepted a recipient of which OpenSMTPD has not said what it does itself.
    is_open: bool,
}

impl Filter {
    /// Acts on a line, without its newline, that comes at a time in UNIX seconds, and appends the answer
    /// to `out`.
    pub fn handle(&mut self, line: &[u8], time: u64, site: &impl Site, out: &mut Vec<u8>) {
        if line == b"config|ready" {
            out.extend_from_slice(REGISTRATION);
            return;
        }
        // Behind these, fields can contain the separator.
        let fields: Vec<_> = line.splitn(7, |octet| *octet == b'|').collect();
        let (stream, version, event, id, rest) = match fields[..] {
            [stream, version, _, _, event, id] => (stream, version, event, id, &b""[..]),
            [stream, version, _, _, event, id, rest] => (stream, version, event, id, rest),
            _ => return,
        };
        match (stream, event) {
            (b"report", b"link-connect") => {
                self.sessions.insert(id.to_vec(), Session::of(client(rest)));
            }
            (b"report", b"link-disconnect") => {
                self.sessions.remove(id);
            }
            (b"report", _) => {
                if let Some(session) = self.sessions.get_mut(id) {
                    session.report(version, event, rest, site);
                }
            }
            (b"filter", _) => {
                let session = self.sessions.entry(id.to_vec());
                let session = session.or_insert_with(|| Session::of(Client::Unknown));
                let (token, address) = split(rest, b'|');
                let decision = session.decide(event, address, time, site);
                for part in [&b"filter-result|"[..], id, b"|", token, b"|", &decision, b"\n"] {
                    out.extend_from_slice(part);
                }
            }
            _ => {}
        }
    }
}

impl Session {
    fn of(client: Client) -> Self {
        Self {
            client,
            authenticated: false,
            parameters: Vec::new(),
            transaction: None,
            queue: None,
            is_open: false,
        }
    }

    fn report(&mut self, version: &[u8], event: &[u8], rest: &[u8], site: &impl Site) {
        match event {
            b"link-auth" => self.authenticated |= has_passed(version, rest),
            b"protocol-client" => self.parameters = split(rest, b'>').1.to_vec(),
            b"tx-begin" => self.queue = Some(rest.to_vec()),
            b"tx-rcpt" => {
                let is_accepted = split(rest, b'|').1.starts_with(b"ok|");
                let is_refused = std::mem::take(&mut self.is_open) && !is_accepted;
                if let Some(transaction) = self.transaction.as_mut().filter(|_| is_refused) {
                    transaction.forget_last();
                }
            }
            b"tx-commit" => {
                if let Some(transaction) = self.transaction.take() {
                    transaction.log_accepted(&transaction.outbound(&[]), self.queue.as_deref(), site);
                }
            }
            b"tx-reset" => {
                self.transaction = None;
                self.queue = None;
            }
            _ => {}
        }
    }

    /// What OpenSMTPD shall do with a command that has this address.
    fn decide(&mut self, phase: &[u8], address: &[u8], time: u64, site: &impl Site) -> Vec<u8> {
        let address = as_opensmtpd_reads(address);
        let changed = match phase {
            b"mail-from" => {
                let client = (self.client, self.authenticated);
                let transaction =
                    Transaction::new(site.config(), RefuseAt::Rcpt, time, (address, None), client);
                self.queue = None;
                self.transaction.insert(transaction).outbound(&[]).signed
            }
            b"rcpt-to" => {
                let Some(transaction) = &mut self.transaction else { return OUT_OF_ORDER.into() };
                let reply = transaction.recipient(address, Resolved::Unknown, self.queue.as_deref(), site);
                self.is_open = reply.is_none();
                if let Some(reply) = reply {
                    return format!("reject|{reply}").into();
                }
                transaction.original().map(<[u8]>::to_vec)
            }
            _ => None,
        };
        match changed {
            Some(address) => [b"rewrite|<", &address[..], b">", &self.parameters].concat(),
            None => b"proceed".to_vec(),
        }
    }
}

/// Why a configuration is not for OpenSMTPD: settings that would not do what they say.
///
/// # Errors
/// There are such settings.
pub fn check(config: &Config) -> Result<(), String> {
    let milter = config.milter.as_ref();
    let settings = [
        ("milter.mark", milter.is_some_and(|milter| milter.mark.is_some())),
        ("milter.metrics", milter.is_some_and(|milter| milter.metrics.is_some())),
        ("milter.refuse-at", milter.is_some_and(|milter| milter.refuse_at != RefuseAt::Rcpt)),
        ("policy.untagged-destinations", !config.policy.untagged_destinations.is_empty()),
    ];
    match settings.iter().find(|(_, is_set)| *is_set) {
        Some((name, _)) => Err(format!("{name} has no effect with OpenSMTPD, so it must not be set")),
        None => Ok(()),
    }
}

/// The text before a separator, and what follows it.
fn split(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let mut parts = text.splitn(2, |octet| *octet == separator);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// The client of `link-connect`: its name in the DNS, whether that is confirmed, its address, and ours.
fn client(rest: &[u8]) -> Client {
    // From the right: the name is the client's choice.
    let source = rest.rsplit(|octet| *octet == b'|').nth(1).unwrap_or_default();
    if source.starts_with(b"unix:") {
        return Client::Local;
    }
    let port = source.iter().rposition(|octet| *octet == b':').unwrap_or(source.len());
    let address = source.get(..port).unwrap_or_default();
    let address = address.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")).unwrap_or(address);
    Client::of_text(address)
}

/// Whether `link-auth` says that the client has authenticated. The user name, which is the client's
/// choice, comes first before version 0.7, and last since then.
fn has_passed(version: &[u8], rest: &[u8]) -> bool {
    let is_old = matches!(version, b"0.1" | b"0.2" | b"0.3" | b"0.4" | b"0.5" | b"0.6");
    if is_old { rest.ends_with(b"|pass") } else { rest.starts_with(b"pass|") }
}

/// OpenSMTPD drops all up to the first colon of the local-part, source route or not: `<x:>` is the null
/// sender, and `<x:alice@example.com>` is alice.
fn as_opensmtpd_reads(address: &[u8]) -> &[u8] {
    let at = address.iter().rposition(|octet| *octet == b'@').unwrap_or(address.len());
    let local_part = address.get(..at).unwrap_or_default();
    let colon = local_part.iter().position(|octet| *octet == b':');
    colon.and_then(|colon| address.get(colon + 1..)).unwrap_or(address)
}
