//! Our hold on a master: one idle connection to its control socket.
//!
//! A master runs with a short `ControlPersist`: as long as one client is connected it stays, and when
//! the last one is gone (we closed, were killed, the laptop's battery died) it ends by itself. The same
//! connection carries the one request that ends it at once. Twelve bytes of OpenSSH's PROTOCOL.mux are
//! written here because the crates for it do not offer that request, and because it must also work
//! in a destructor.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

const HELLO: [u8; 12] = [0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 4];
const TERMINATE: [u8; 12] = [0, 0, 0, 8, 0x10, 0, 0, 5, 0, 0, 0, 0];

/// See the module. Dropping it lets go; the master ends when its time is up.
#[derive(Debug)]
pub(super) struct Hold(UnixStream);

impl Hold {
    /// An error means that no master listens there.
    pub(super) fn on(socket: &Path) -> std::io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_nonblocking(true)?;
        Ok(Self(stream))
    }

    /// The master's end closes our connection to it. What it sent before (its greeting) is skipped.
    pub(super) fn is_over(&self) -> bool {
        let mut skipped = [0; 256];
        loop {
            match (&self.0).read(&mut skipped) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
    }

    /// Ends the master now; it removes its own socket.
    pub(super) fn end(&self) {
        // A master that is gone already is what was wanted.
        let _ = (&self.0).write_all(&[HELLO, TERMINATE].concat());
    }
}
