//! Load on a host that is killed in the middle of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::host::Host;
use crate::http::{Answer, Ask};

/// Lets `clients` threads send what `ask` makes of client and number, one after another each, and
/// kills the host after some time. Tells client, number and answer of each request; what the crash
/// took has none.
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
                            // Busy is no answer to keep: it says to come again.
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
