//! What differs between Odoo 14, 15, 16, 17, 18 and 19, as far as `ops` has to know. Where one way works in all of
//! them, that is the way that is taken, whatever the series, and the row says so.
//!
//! Only 14 is tried on real droplets; of the others this table knows what their sources say.

/// A series in which something begins to be otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub what: &'static str,
    /// The first series that has it: 16 is 16.0.
    pub since: u32,
    /// What is before it, and what from there on.
    pub before: &'static str,
    pub then: &'static str,
    /// What `ops` does about it.
    pub ours: &'static str,
    pub source: &'static str,
}

pub const NEUTRALIZE: Row = Row {
    what: "making a copy harmless",
    since: 16,
    before: "no command",
    then: "`odoo neutralize`, the neutralize.sql of each installed module",
    ours: "statements of ours in every series, Odoo's command as well where it is",
    source: "odoo/cli/neutralize.py and odoo/modules/neutralize.py of 16.0 and later",
};

/// Every difference that is known.
pub const ROWS: [Row; 6] = [
    NEUTRALIZE,
    Row {
        what: "uninstalling modules",
        since: 19,
        before: "`button_immediate_uninstall` in `odoo shell`",
        then: "`odoo module uninstall` as well",
        ours: "`odoo shell` in every series: it is there in all of them, and proven by SQL",
        source: "odoo/cli/module.py of 19.0; odoo/odoo#12373: there was never an option `--uninstall`",
    },
    Row {
        what: "the bus",
        since: 16,
        before: "/longpolling/poll",
        then: "/websocket",
        ours: "the site that ops writes routes both to port 8072",
        source: "addons/bus/controllers of 14.0 and 16.0",
    },
    Row {
        what: "who is there",
        since: 19,
        before: "table bus_presence",
        then: "table mail_presence",
        ours: "the database is asked which of the two it has",
        source: "addons/mail/models/mail_presence.py of 19.0",
    },
    Row {
        what: "payments",
        since: 16,
        before: "table payment_acquirer",
        then: "table payment_provider",
        ours: "the database is asked which of the two it has",
        source: "addons/payment/models of 15.0 and 16.0",
    },
    Row {
        what: "a health page",
        since: 15,
        before: "none",
        then: "/web/health, which says 200 without a database",
        ours: "the login page is asked in every series, with the site's own name",
        source: "addons/web/controllers/main.py of 15.0, odoo/http.py of 17.0 (_serve_db)",
    },
];

impl Row {
    /// Whether it is so in a database whose module `base` has this version ("14.0.1.3"). What cannot be read is old.
    pub fn holds(&self, base: Option<&str>) -> bool {
        let series = base.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        series.is_some_and(|series| series >= self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_holds_from_its_series_on() {
        for (base, wanted) in [
            (Some("14.0.1.3"), false),
            (Some("15.0.1.3"), false),
            (Some("16.0.1.3"), true),
            (Some("19.0.1.3"), true),
            (Some("saas~17.4"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(NEUTRALIZE.holds(base), wanted, "{base:?}");
        }
    }

    #[test]
    fn every_row_says_where_it_is_from() {
        for row in ROWS {
            assert!((15..=19).contains(&row.since), "{}", row.what);
            assert!(row.source.contains(".0") && !row.ours.is_empty(), "{}", row.what);
        }
    }
}
