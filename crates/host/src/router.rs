//! Finds the component that serves a path. Patterns are in Spin's format: `/v1/earn` exact,
//! `/v1/holds/:id/capture` with one segment for each `:name`, `/v1/members/...` for the path itself
//! and all below it. At each segment a literal beats a `:name`, which beats `...`; the longest
//! match wins. Cost grows with the segments of the path, not with the number of routes.

use std::{collections::HashMap, str::Split};

/// A tree of segments whose leaves carry `T`.
pub struct Router<T> {
    root: Node<T>,
}

struct Node<T> {
    exact: Option<Leaf<T>>,
    below: Option<Leaf<T>>,
    literal: HashMap<Box<str>, Node<T>>,
    parameter: Option<Box<Node<T>>>,
}

/// A target, and the pattern that leads there.
struct Leaf<T> {
    pattern: Box<str>,
    target: T,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { exact: None, below: None, literal: HashMap::new(), parameter: None }
    }
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self { root: Node::default() }
    }
}

impl<T> Router<T> {
    /// Adds a pattern. An unusable pattern, or one that exists already, is an error.
    pub fn insert(&mut self, pattern: &str, target: T) -> Result<(), String> {
        if !pattern.starts_with('/') {
            return Err(format!("route `{pattern}` must start with /"));
        }
        let mut node = &mut self.root;
        let mut rest = segments(pattern).peekable();
        while let Some(segment) = rest.next() {
            if segment == "..." {
                if rest.peek().is_some() {
                    return Err(format!("route `{pattern}`: `...` must come last"));
                }
                return place(&mut node.below, target, pattern);
            }
            node = match segment.strip_prefix(':') {
                Some("") => return Err(format!("route `{pattern}`: `:` needs a name")),
                Some(_) => &mut **node.parameter.get_or_insert_default(),
                None => node.literal.entry(segment.into()).or_default(),
            };
        }
        place(&mut node.exact, target, pattern)
    }

    /// The best pattern for this path, and its target. Paths may hold secrets, patterns do not.
    pub fn find(&self, path: &str) -> Option<(&str, &T)> {
        find(&self.root, segments(path)).map(|leaf| (&*leaf.pattern, &leaf.target))
    }
}

/// Searches depth first in order of precedence. It looks twice at one segment only for a `:name`
/// beside a literal.
fn find<'a, T>(node: &'a Node<T>, mut rest: Split<'_, char>) -> Option<&'a Leaf<T>> {
    let below = node.below.as_ref();
    let Some(segment) = rest.next() else {
        return node.exact.as_ref().or(below);
    };
    let literal = node.literal.get(segment).and_then(|next| find(next, rest.clone()));
    let parameter = || {
        node.parameter.as_ref().filter(|_| !segment.is_empty()).and_then(|next| find(next, rest))
    };
    literal.or_else(parameter).or(below)
}

fn segments(path: &str) -> Split<'_, char> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

fn place<T>(slot: &mut Option<Leaf<T>>, target: T, pattern: &str) -> Result<(), String> {
    if slot.is_some() {
        return Err(format!("route `{pattern}` is taken"));
    }
    *slot = Some(Leaf { pattern: pattern.into(), target });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence() {
        let mut router = Router::default();
        for pattern in [
            "/...",
            "/v1/earn",
            "/v1/members/...",
            "/v1/members/:id/entries",
            "/v1/members/search",
            "/v1/holds/:id/capture",
            "/v1/holds/:id/:verb",
            "/v1/:noun/list",
        ] {
            router.insert(pattern, pattern).unwrap();
        }
        for (path, expected) in [
            ("/", "/..."),
            ("/v1/earn", "/v1/earn"),
            ("/v1/earn/", "/..."),
            ("/v1/earns", "/..."),
            ("/v1/members", "/v1/members/..."),
            ("/v1/members/", "/v1/members/..."),
            ("/v1/members/m1", "/v1/members/..."),
            ("/v1/members/m1/entries", "/v1/members/:id/entries"),
            ("/v1/members/search", "/v1/members/search"),
            ("/v1/members/search/entries", "/v1/members/:id/entries"),
            ("/v1/members/m1/entries/3", "/v1/members/..."),
            ("/v1/members//entries", "/v1/members/..."),
            ("/v1/holds/h1/capture", "/v1/holds/:id/capture"),
            ("/v1/holds/h1/release", "/v1/holds/:id/:verb"),
            ("/v1/holds/h1", "/..."),
            ("/v1/earn/list", "/v1/:noun/list"),
        ] {
            assert_eq!(router.find(path), Some((expected, &expected)), "{path}");
        }
    }

    #[test]
    fn refuses_unusable_patterns() {
        let mut router = Router::default();
        router.insert("/a/:x", ()).unwrap();
        for pattern in ["a", "", "/a/:y", "/.../b", "/a/:/b"] {
            assert!(router.insert(pattern, ()).is_err(), "{pattern}");
        }
        assert_eq!(router.find("/b"), None);
    }
}
