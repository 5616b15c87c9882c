//! Files that move in pieces over a way that breaks all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use ops::inventory::{Address, Become, Droplet, Role};
use ops::transport::freight::{Freight, Source, Stuck, fetch, send, sum};
use ops::transport::{Call, ConnectOptions, OnChunk, Output, Transport, TransportError, connect};
use tokio_util::sync::CancellationToken;

use super::sshd::world;

/// Every second call is carried out, in part or all of it, and nobody hears of its end.
#[derive(Debug)]
struct Flaky {
    inner: Arc<dyn Transport>,
    calls: AtomicUsize,
}

impl Flaky {
    fn breaks(&self) -> bool {
        self.calls.fetch_add(1, Ordering::SeqCst) % 2 == 1
    }
}

fn cut() -> TransportError {
    TransportError::NoStatus { detail: "the link was cut".into() }
}

#[async_trait]
impl Transport for Flaky {
    fn droplet(&self) -> &str {
        self.inner.droplet()
    }

    async fn run(&self, call: Call<'_>) -> Result<Output, TransportError> {
        // Only what is sent, and not the questions before and after it.
        let sends = !call.data.is_empty() && self.breaks();
        let half = call.data.len() / 2;
        let call = if sends { Call { data: &call.data[..half], ..call } } else { call };
        let output = self.inner.run(call).await?;
        if sends { Err(cut()) } else { Ok(output) }
    }

    async fn stream(&self, call: Call<'_>, on_chunk: OnChunk<'_>) -> Result<Output, TransportError> {
        let (breaks, mut heard) = (self.breaks(), 0);
        let mut some = |chunk: &[u8]| {
            if !breaks || heard < 3_000_000 {
                heard += chunk.len();
                on_chunk(chunk);
            }
        };
        let output = self.inner.stream(call, &mut some).await?;
        if breaks { Err(cut()) } else { Ok(output) }
    }

    async fn docker(&self) -> Result<bollard::Docker, TransportError> {
        self.inner.docker().await
    }

    async fn close(&self) {}
}

async fn flaky(dir: &std::path::Path) -> Flaky {
    let here = Droplet {
        name: "here".into(),
        address: Address::Local { r#become: Become::No },
        roles: vec![Role::Web],
        compose: vec!["compose.yaml".into()],
    };
    let inner = connect(&here, &world(dir), ConnectOptions::default()).await.unwrap();
    Flaky { inner, calls: AtomicUsize::new(1) }
}

struct Bytes(Vec<u8>);

impl Source for Bytes {
    fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let rest = &self.0[usize::try_from(at).unwrap()..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// 10 MB and a little, nowhere the same.
fn bytes() -> Vec<u8> {
    (0..2_500_017_u32).flat_map(u32::to_le_bytes).collect()
}

fn freight(path: &std::path::Path, bytes: &[u8]) -> Freight {
    let sha256 = sum(&mut std::io::Cursor::new(bytes), u64::MAX).unwrap();
    Freight { path: path.display().to_string(), bytes: bytes.len() as u64, sha256 }
}

#[tokio::test]
async fn what_is_fetched_over_a_link_that_breaks_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (link, bytes, stop) = (flaky(dir.path()).await, bytes(), CancellationToken::new());
    let (there, part) = (dir.path().join("there"), dir.path().join("part"));
    std::fs::write(&there, &bytes).unwrap();
    let freight = freight(&there, &bytes);
    // Somebody had a part of it.
    std::fs::write(&part, &bytes[..1_234_567]).unwrap();
    let mut told = Vec::new();
    fetch(&link, &freight, &part, &stop, &mut |at| told.push(at)).await.unwrap();
    assert!(std::fs::read(&part).unwrap() == bytes);
    assert!(
        told[0] == 1_234_567 && told.is_sorted() && told.last() == Some(&freight.bytes),
        "{:?}",
        &told[..3]
    );
    // It is not what it should be any more: then nothing of it is kept.
    std::fs::write(&part, &bytes).unwrap();
    let other = Freight { sha256: "0".repeat(64), ..freight.clone() };
    let stuck = fetch(&link, &other, &part, &stop, &mut |_| {}).await.unwrap_err();
    assert!(matches!(stuck, Stuck::Damaged) && !part.exists(), "{stuck:?}");
    std::fs::write(&part, "something else").unwrap();
    let stuck = fetch(&link, &freight, &part, &stop, &mut |_| {}).await.unwrap_err();
    assert!(matches!(stuck, Stuck::Other) && part.exists(), "{stuck:?}");
    // It is gone there.
    std::fs::remove_file(&part).unwrap();
    std::fs::remove_file(&there).unwrap();
    link.calls.store(0, Ordering::SeqCst);
    let stuck = fetch(&link, &freight, &part, &stop, &mut |_| {}).await.unwrap_err();
    assert!(matches!(stuck, Stuck::Refused(_)), "{stuck:?}");
    stop.cancel();
    assert!(matches!(fetch(&link, &freight, &part, &stop, &mut |_| {}).await, Err(Stuck::Interrupted)));
}

#[tokio::test]
async fn what_is_sent_over_a_link_that_breaks_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (link, bytes, stop) = (flaky(dir.path()).await, bytes(), CancellationToken::new());
    let there = dir.path().join("in/it's there.zip");
    let freight = freight(&there, &bytes);
    let mut source = Bytes(bytes.clone());
    // Somebody had sent a part of it, and was cut off within a block.
    std::fs::create_dir(dir.path().join("in")).unwrap();
    std::fs::write(dir.path().join("in/it's there.zip.part"), &bytes[..9_000_001]).unwrap();
    let mut told = Vec::new();
    send(&link, &freight, &mut source, &stop, &mut |at| told.push(at)).await.unwrap();
    assert!(std::fs::read(&there).unwrap() == bytes);
    assert_eq!((told[0], told.last()), (9_000_001 / 65536 * 65536, Some(&freight.bytes)));
    // It is there: nothing is sent again.
    let mut nothing = Bytes(Vec::new());
    send(&link, &freight, &mut nothing, &stop, &mut |_| {}).await.unwrap();
    // What is sent is another than was said.
    std::fs::remove_file(&there).unwrap();
    source.0[7] ^= 1;
    let stuck = send(&link, &freight, &mut source, &stop, &mut |_| {}).await.unwrap_err();
    assert!(matches!(stuck, Stuck::Damaged), "{stuck:?}");
    assert_eq!(std::fs::read_dir(dir.path().join("in")).unwrap().count(), 0);
    let large = Freight { bytes: 1 << 60, ..freight };
    let stuck = send(&link, &large, &mut source, &stop, &mut |_| {}).await.unwrap_err();
    assert!(matches!(stuck, Stuck::Room { .. }), "{stuck:?}");
}
