//! A guest's standard output and error become log lines that name the component.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// Longest line in bytes. A longer line is split, so that a guest cannot make the host buffer
/// without end.
const MAX_LINE_LENGTH: usize = 8 * 1024;

/// One of the two streams of one instance.
pub struct GuestLog {
    component: Arc<str>,
    stream: &'static str,
}

impl GuestLog {
    pub fn new(component: &str, stream: &'static str) -> Self {
        Self { component: component.into(), stream }
    }
}

impl IsTerminal for GuestLog {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestLog {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Lines {
            component: self.component.clone(),
            stream: self.stream,
            pending: Vec::new(),
        })
    }
}

struct Lines {
    component: Arc<str>,
    stream: &'static str,
    pending: Vec<u8>,
}

impl Lines {
    fn emit(&mut self) {
        if !self.pending.is_empty() {
            let line = String::from_utf8_lossy(&self.pending);
            tracing::info!(target: "guest", component = &*self.component, stream = self.stream, "{}", line.trim_end());
            self.pending.clear();
        }
    }
}

impl AsyncWrite for Lines {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            for piece in line.chunks(MAX_LINE_LENGTH) {
                self.pending.extend_from_slice(piece);
                if piece.ends_with(b"\n") || self.pending.len() >= MAX_LINE_LENGTH {
                    self.emit();
                }
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.emit();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.emit();
    }
}
