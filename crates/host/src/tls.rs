//! TLS of a listener: certificate and key from PEM files, read again when they change. An unusable
//! pair is ignored, and the last one stays in force.

use anyhow::{Context as _, Result, ensure};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};

/// How often files are checked.
pub const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The files of certificate and key.
#[derive(Debug, Clone)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// The pair in force.
struct Current(RwLock<Arc<CertifiedKey>>);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Accepts connections with the pair in the files, also after they change.
pub fn acceptor(files: Files) -> Result<TlsAcceptor> {
    let current = Arc::new(Current(RwLock::new(Arc::new(read(&files)?))));
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(current.clone());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let paths = vec![files.certificate.clone(), files.key.clone()];
    follow(paths, move || match read(&files) {
        Ok(pair) => {
            *current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
            tracing::info!(certificate = %files.certificate.display(), "certificate read again");
        }
        Err(error) => tracing::error!("the certificate before stays in force: {error:#}"),
    });
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A key that does not belong to the certificate is an error.
fn read(files: &Files) -> Result<CertifiedKey> {
    let name = |path: &Path| path.display().to_string();
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read certificates from {}", name(&files.certificate)))?;
    ensure!(!chain.is_empty(), "{} holds no certificate", name(&files.certificate));
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .with_context(|| format!("cannot read a private key from {}", name(&files.key)))?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).with_context(|| {
        format!("{} and {} cannot be used together", name(&files.certificate), name(&files.key))
    })
}

/// Calls `act` after each change of any of the files, for ever. Polling costs less than a file
/// watcher, and works on every file system.
pub fn follow(files: Vec<PathBuf>, act: impl Fn() + Send + 'static) {
    let stamps = move || files.iter().map(|file| stamp(file).ok()).collect::<Vec<_>>();
    let mut last = stamps();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            let now = stamps();
            if now != last {
                // The two files of a pair are seldom written at the same moment.
                tokio::time::sleep(Duration::from_millis(200)).await;
                last = stamps();
                act();
            }
        }
    });
}

fn stamp(file: &Path) -> io::Result<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file)?;
    Ok((metadata.modified()?, metadata.len()))
}
