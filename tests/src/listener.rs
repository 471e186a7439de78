//! A server on a free port, in place of somebody outside.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Starts one: `serve` answers one request of a connection, whose requests are served until it
/// gives none. A client that hangs up is no failure.
pub fn listen<S: Send + 'static>(
    state: S,
    serve: impl Fn(&TcpStream, SocketAddr, &Mutex<S>) -> Option<()> + Clone + Send + 'static,
) -> (SocketAddr, Arc<Mutex<S>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let state = Arc::new(Mutex::new(state));
    let shared = state.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (state, serve) = (shared.clone(), serve.clone());
            std::thread::spawn(move || while serve(&stream, address, &state).is_some() {});
        }
    });
    (address, state)
}
