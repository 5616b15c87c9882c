//! Who else hears of runs and of changes of health: chats, programs, mail. Deliberately absent: telling them (`notify`).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::addresses;
use super::build::{Base, value};
use super::fault::Fault;
use super::hide;
use super::model::Value;
use super::node::Node;
use super::raw::{self, Located, Port};
use super::resolved::secret;
use super::words::{Checked, Host, MailAddress, Phrase, show};

/// Where the events of a run are told besides the terminal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Notify {
    pub kind: NotifyKind,
    /// `https://..`; for `email`, `mailto:..`.
    pub url: Value,
    /// Of which events; empty for `healthchecks`, which hears of scheduled backups alone.
    pub on: Vec<NotifyOn>,
    /// The server of an `email`.
    pub smtp: Option<Smtp>,
}

impl Notify {
    /// What may be secret.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.url).chain(self.smtp.as_ref().and_then(|smtp| smtp.password.as_ref()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotifyKind {
    Slack,
    Mattermost,
    Webhook,
    Healthchecks,
    Email,
}

/// What may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotifyOn {
    Succeeded,
    Failed,
    PutBack,
    /// Changes of health (`ops health --notify`).
    Health,
}

impl NotifyOn {
    pub const ALL: [NotifyOn; 4] =
        [NotifyOn::Succeeded, NotifyOn::Failed, NotifyOn::PutBack, NotifyOn::Health];
}

/// How mail leaves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub user: Option<String>,
    pub password: Option<Value>,
    pub from: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Plain at first; nothing is said before it is encrypted.
    #[default]
    Starttls,
    Tls,
    /// Only without a password: a relay in one's own network.
    None,
}

impl Security {
    fn port(self) -> u16 {
        match self {
            Security::Starttls => 587,
            Security::Tls => 465,
            Security::None => 25,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    kind: NotifyKind,
    url: Located<raw::Value>,
    on: Option<Located<Vec<NotifyOn>>>,
    smtp: Option<Located<RawSmtp>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSmtp {
    host: Host,
    port: Option<Port>,
    security: Option<Security>,
    user: Option<Phrase>,
    password: Option<raw::Value>,
    from: MailAddress,
}

pub(super) fn resolve(raw: Vec<Raw>, base: Base<'_>, path: &str) -> Result<Vec<Notify>, Fault> {
    let channels = raw.into_iter().enumerate();
    channels.map(|(i, raw)| channel(raw, base, &format!("{path}.notify[{i}]"))).collect()
}

fn channel(raw: Raw, base: Base<'_>, path: &str) -> Result<Notify, Fault> {
    let Raw { kind, url, on, smtp } = raw;
    let at_url = |why: &str| Fault::new(why).at(url.place, format!("{path}.url"));
    let checked = value(url.value.clone(), base);
    if let Value::Plain(text) = &checked {
        let fine = match kind {
            NotifyKind::Email => recipients(text).map(drop),
            _ => addresses::url(text).map(drop),
        };
        fine.map_err(|why| at_url(&why))?;
    }
    let smtp = match (kind, smtp) {
        (NotifyKind::Email, Some(raw)) => {
            let place = raw.place;
            Some(server(raw.value, base).map_err(|why| Fault::new(why).at(place, format!("{path}.smtp")))?)
        }
        (NotifyKind::Email, None) => return Err(at_url("email needs `smtp:`, the server that takes it")),
        (_, Some(raw)) => {
            return Err(Fault::new("`smtp` belongs to `email`").at(raw.place, format!("{path}.smtp")));
        }
        (_, None) => None,
    };
    let on = match (kind, on) {
        (NotifyKind::Healthchecks, Some(on)) => {
            let why = "`on` has no place here\nhealthchecks hears of scheduled backups: a run would be taken for one";
            return Err(Fault::new(why).at(on.place, format!("{path}.on")));
        }
        (NotifyKind::Healthchecks, None) => Vec::new(),
        (_, Some(on)) => on.value,
        (_, None) => NotifyOn::ALL.to_vec(),
    };
    Ok(Notify { kind, url: checked, on, smtp })
}

fn server(raw: RawSmtp, base: Base<'_>) -> Result<Smtp, &'static str> {
    let security = raw.security.unwrap_or_default();
    match (&raw.user, &raw.password) {
        (Some(_), None) | (None, Some(_)) => return Err("`user` and `password` go together"),
        (Some(_), Some(_)) if security == Security::None => {
            return Err("a password is never sent unencrypted: `security` is starttls or tls");
        }
        _ => {}
    }
    Ok(Smtp {
        host: raw.host.0,
        port: raw.port.map_or(security.port(), |port| port.0),
        security,
        user: raw.user.map(|user| user.0),
        password: raw.password.map(|password| value(password, base)),
        from: raw.from.0,
    })
}

/// `mailto:a@example.com,b@example.com`.
///
/// # Errors
/// It is none, in words that do not quote it where it could be a secret.
pub fn recipients(text: &str) -> Result<Vec<String>, String> {
    let Some(list) = text.strip_prefix("mailto:") else {
        return Err("the address of an email begins with `mailto:`".to_owned());
    };
    let all: Result<Vec<String>, String> = list.split(',').map(address).collect();
    all.map_err(|_| "behind `mailto:` stand addresses, with commas between them".to_owned())
}

/// What a command of SMTP can hold: nothing that could end it.
pub(super) fn address(text: &str) -> Checked<String> {
    let fine = |c: char| c.is_ascii_graphic() && !"<>()[]\\,;:\"@".contains(c);
    let parts = text.split_once('@').filter(|(local, host)| {
        !local.is_empty() && local.chars().all(fine) && addresses::server_name(host).is_ok()
    });
    match parts {
        Some(_) if text.len() <= 254 => Ok(text.to_owned()),
        _ => Err(format!("{} is no address for mail", show(text))),
    }
}

pub(super) fn node(notify: &Notify) -> Node<'_> {
    // The path of a webhook is its password.
    let hide = |url: &str| match (notify.kind, url.split_once("://")) {
        (NotifyKind::Email, _) | (_, None) => hide::url(url),
        (_, Some((scheme, rest))) => format!("{scheme}://{}/***", rest.split('/').next().unwrap_or_default()),
    };
    let mut pairs = vec![("kind", json!(notify.kind).into()), ("url", secret(&notify.url, hide))];
    if notify.kind != NotifyKind::Healthchecks {
        pairs.push(("on", json!(notify.on).into()));
    }
    if let Some(smtp) = &notify.smtp {
        let Smtp { host, port, security, user, password, from } = smtp;
        let password = password.as_ref().map(|value| secret(value, |_| "***".to_owned()));
        let smtp = Node::map([
            ("host", json!(host).into()),
            ("port", json!(port).into()),
            ("security", json!(security).into()),
            ("user", json!(user).into()),
            ("password", password.unwrap_or_default()),
            ("from", json!(from).into()),
        ]);
        pairs.push(("smtp", smtp));
    }
    Node::map(pairs)
}
