//! Commands of the remote tools, as data: one file a tool, every function returns a [`crate::cmd::Cmd`].
//! Deliberately absent: running them, and judging what they print.

pub mod backup;
pub mod checksums;
pub mod compose;
pub mod crons;
pub mod entry;
pub mod export;
pub mod freight;
pub mod harden;
pub mod healthy;
pub mod images;
pub mod import;
pub mod inside;
pub mod odoo;
pub mod own;
pub mod page;
pub mod recovery;
pub mod rehearsal;
pub mod releases;
pub mod schedule;
pub mod series;
pub mod site;
pub mod slots;
pub mod snapshot;
pub mod verify;
pub mod watch;
pub mod web;

use crate::program::Program;

/// For [`crate::catalog`].
pub(crate) const PROGRAMS: &[Program] = &[
    backup::BACKUP,
    backup::RESTORE,
    backup::OFFSITE,
    backup::KEY,
    backup::LIST,
    checksums::PROGRAM,
    checksums::STORE,
    checksums::RESTORE,
    compose::ANEW,
    crons::HOLD,
    entry::LOGIN_SHELL,
    entry::BEST_SHELL,
    entry::PSQL,
    export::EXPORT,
    export::PACK,
    freight::PIECE,
    freight::BEGINNING,
    freight::FOUND,
    freight::REMOVE,
    freight::EXPECT,
    freight::WRITE,
    freight::ARRIVED,
    harden::HARDEN,
    harden::CHANGES,
    healthy::WAIT,
    images::UNTAG,
    import::IMPORT,
    import::JUDGE,
    import::LOAD,
    inside::INSIDE,
    inside::PAGE,
    inside::LOGIN,
    odoo::ADDONS,
    odoo::CHANGE,
    odoo::UNINSTALL,
    odoo::END,
    odoo::RECORD,
    own::OWN,
    recovery::STOCK,
    recovery::RECOVERY,
    recovery::TAKE_KEY,
    recovery::DROP_KEY,
    rehearsal::REHEARSAL,
    releases::CHECK_OUT,
    releases::COPY_TREE,
    releases::REMOVE_UNUSED,
    releases::REMOVE,
    releases::RECORD,
    releases::POINT,
    releases::LINK,
    releases::UNLINK,
    releases::PRUNE,
    schedule::SCHEDULE,
    site::RELOAD,
    site::REMOVE,
    slots::UPSTREAMS,
    slots::SWITCH,
    slots::RETIRE,
    snapshot::SNAPSHOT,
    verify::VERIFY,
    watch::WATCH,
    watch::COMPARE,
    watch::COUNT,
    web::LOGIN,
    web::PROXIED,
    web::REMEMBER,
    web::COMPARE,
    web::SETTLED,
];
