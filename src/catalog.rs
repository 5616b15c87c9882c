//! Every program that `ops` sends to a droplet. The tests in `tests/droplet/` read the list: the linters read each
//! program as it is sent, and a program that is constructed anywhere else in `src/` is a failure.
//!
//! The script of a step is not listed: `execute::script` composes it of these programs and of single commands.

use crate::execute;
use crate::facts;
use crate::flow::sheet;
use crate::plan::hook;
use crate::program::Program;
use crate::queries;
use crate::runbooks::deploy;
use crate::tools;
use crate::transport;

/// In the order of the layers.
pub fn catalog() -> Vec<Program> {
    let all: [&[Program]; 10] = [
        transport::PROGRAMS,
        &[hook::IN_STACK],
        tools::PROGRAMS,
        facts::PROBES,
        facts::VITALS,
        facts::POSTURE,
        deploy::PROGRAMS,
        execute::PROGRAMS,
        queries::PROGRAMS,
        &[sheet::KEEP],
    ];
    all.concat()
}
