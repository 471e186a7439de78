//! Load on a host that is killed in the middle of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::host::Host;
use crate::http::{Answer, Ask};

/// Starts `clients` threads, which send the requests of `ask` by client and number one after
/// another, and kills the host after some time. Returns client, number and answer of each request;
/// a request that the crash cut off has no answer.
pub fn load_until_killed(
    host: &mut Host,
    clients: usize,
    time: Duration,
    ask: impl Fn(usize, usize) -> Ask + Sync,
) -> Vec<(usize, usize, Option<Answer>)> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|client| {
                let (ask, stop) = (&ask, &stop);
                scope.spawn(move || {
                    let mut sent = Vec::new();
                    for number in 0.. {
                        match ask(client, number).try_send() {
                            // An answer 503 is not final, so the request is sent again.
                            Ok(answer) if answer.status == 503 => {}
                            Ok(answer) => sent.push((client, number, Some(answer))),
                            Err(_) => {
                                sent.push((client, number, None));
                                break;
                            }
                        }
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                    sent
                })
            })
            .collect();
        host.kill_after(time);
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}
