//! A TCP proxy of ours that can stop forwarding without closing anything, as a dead link does.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(super) struct Proxy {
    pub(super) port: u16,
    frozen: Arc<AtomicBool>,
}

impl Proxy {
    pub(super) fn to(ip: &str, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let frozen = Arc::new(AtomicBool::new(false));
        let (stop, target) = (frozen.clone(), (ip.to_owned(), port));
        std::thread::spawn(move || {
            for near in listener.incoming().flatten().take(50) {
                let far = TcpStream::connect((target.0.as_str(), target.1)).unwrap();
                pump(near.try_clone().unwrap(), far.try_clone().unwrap(), stop.clone());
                pump(far, near, stop.clone());
            }
        });
        Self { port: own, frozen }
    }

    pub(super) fn freeze(&self) {
        self.frozen.store(true, Ordering::SeqCst);
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, frozen: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 16 << 10];
        while let Ok(count) = from.read(&mut bytes) {
            if frozen.load(Ordering::SeqCst) {
                // Longer than any test: neither forwarded nor closed.
                std::thread::sleep(Duration::from_secs(120));
            }
            if count == 0 || to.write_all(&bytes[..count]).is_err() {
                let _ = to.shutdown(std::net::Shutdown::Both);
                return;
            }
        }
    });
}
