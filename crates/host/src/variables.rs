//! Application variables and the `{{ name }}` templates of components. A value comes from
//! `--variable`, else from the environment (`SPIN_VARIABLE_<NAME>`), else from the manifest's
//! default. Values are never logged.

use crate::manifest::{Component, Variable};
use anyhow::{Result, bail, ensure};
use std::collections::BTreeMap;

/// The value of each declared variable. A `required` variable without a value is an error.
pub fn resolve(
    declared: &BTreeMap<String, Variable>,
    given: &[(String, String)],
    environment: impl Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>> {
    for (name, _) in given {
        ensure!(
            declared.contains_key(name),
            "--variable {name}: the manifest declares no such variable"
        );
    }
    let mut values = BTreeMap::new();
    for (name, variable) in declared {
        let flag = given
            .iter()
            .rev()
            .find(|(given_name, _)| given_name == name)
            .map(|(_, value)| value.clone());
        let from_environment = || environment(&format!("SPIN_VARIABLE_{}", name.to_uppercase()));
        match flag.or_else(from_environment).or_else(|| variable.default.clone()) {
            Some(value) => {
                values.insert(name.clone(), value);
            }
            None if variable.required => {
                bail!(
                    "variable `{name}` is required: pass --variable {name}=… or set SPIN_VARIABLE_{}",
                    name.to_uppercase()
                )
            }
            None => {}
        }
    }
    Ok(values)
}

/// The component's own variables with their templates filled in. One that refers to an unset
/// variable is left undefined.
pub fn of_component(
    component: &Component,
    values: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let fill_in =
        |(name, template): (&String, &String)| Some((name.clone(), fill(template, values)?));
    component.variables.iter().filter_map(fill_in).collect()
}

/// The names between `{{` and `}}`.
pub fn names_in(template: &str) -> impl Iterator<Item = &str> {
    template.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
}

/// The template with each `{{ name }}` replaced, or `None` if one has no value.
pub fn fill(template: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let mut parts = template.split("{{");
    let mut filled = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}")?;
        filled.push_str(values.get(name.trim())?);
        filled.push_str(rest);
    }
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(text: &str) -> BTreeMap<String, Variable> {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn flag_beats_environment_beats_default() {
        let declared =
            declared("a = { default = 'd' }\nb = { default = 'd' }\nc = { default = 'd' }\nd = {}");
        let given = [("a".to_owned(), "flag".to_owned())];
        let environment = |name: &str| {
            matches!(name, "SPIN_VARIABLE_A" | "SPIN_VARIABLE_B").then(|| "env".to_owned())
        };
        let values = resolve(&declared, &given, environment).unwrap();
        assert_eq!(values["a"], "flag");
        assert_eq!(values["b"], "env");
        assert_eq!(values["c"], "d");
        assert!(!values.contains_key("d"));
    }

    #[test]
    fn required_and_unknown_are_errors() {
        let declared = declared("key = { required = true }");
        assert!(
            resolve(&declared, &[], |_| None)
                .unwrap_err()
                .to_string()
                .contains("SPIN_VARIABLE_KEY")
        );
        assert!(resolve(&declared, &[("kee".into(), String::new())], |_| None).is_err());
    }

    #[test]
    fn templates() {
        let values =
            BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        for (template, filled) in [
            ("plain", Some("plain")),
            ("{{ a }}", Some("1")),
            ("x{{a}}y{{ b }}z", Some("x1y2z")),
            ("{{ c }}", None),
            ("{{ a", None),
        ] {
            assert_eq!(fill(template, &values).as_deref(), filled, "{template}");
        }
        assert_eq!(names_in("x{{a}}y{{ b }}z").collect::<Vec<_>>(), ["a", "b"]);
    }
}
