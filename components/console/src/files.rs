//! The files that the build embedded, each as gzip.

/// A file of the console, below `/console/`.
pub struct File {
    pub path: &'static str,
    /// The ETag with its quotes: a digest of the bytes.
    pub tag: &'static str,
    pub bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

impl File {
    pub fn find(path: &str) -> Option<&'static Self> {
        FILES.iter().find(|file| file.path == path)
    }

    /// The name of such a file holds a digest of what it says, so it never changes.
    pub fn is_immutable(&self) -> bool {
        self.path.starts_with("assets/")
    }

    pub fn content_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "json" => "application/json",
            _ => "application/octet-stream",
        }
    }
}
