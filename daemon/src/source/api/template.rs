//! Templates of a definition: texts with `{organization}`, `{slug}` and `{job}`.

use orgvault_api::OrganizationKey;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What stays as it is in a segment of a path (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is put into templates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filling<'a> {
    pub(crate) organization: &'a OrganizationKey,
    /// The app's own id of the job; empty where it has none yet.
    pub(crate) job: &'a str,
}

impl Filling<'_> {
    /// A path with every value percent-encoded: no id leads to another path.
    pub(crate) fn path(&self, template: &str) -> String {
        self.fill(template, |value| {
            // A segment of dots alone is a step, encoded or not: encoded twice it is an id that no app has.
            let is_step = matches!(value, "." | "..");
            let value = if is_step { value.replace('.', "%2E") } else { value.to_owned() };
            utf8_percent_encode(&value, SEGMENT).to_string()
        })
    }

    /// A JSON value with every string of it filled. One that is `{NAME}` of a list is the list.
    pub(crate) fn json(&self, template: &Value, lists: &[(String, Vec<Value>)]) -> Value {
        match template {
            Value::String(text) => {
                let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
                let list = lists.iter().find(|(known, _)| Some(known.as_str()) == name);
                list.map_or_else(|| self.fill(text, str::to_owned).into(), |(_, list)| list.clone().into())
            }
            Value::Array(values) => values.iter().map(|value| self.json(value, lists)).collect(),
            Value::Object(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), self.json(value, lists)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    /// Each place once, from left to right: what a value holds is no template.
    fn fill(&self, template: &str, coded: impl Fn(&str) -> String) -> String {
        let values = [
            ("{organization}", self.organization.id.as_str()),
            ("{slug}", &self.organization.slug),
            ("{job}", self.job),
        ];
        let (mut filled, mut rest) = (String::new(), template);
        while let Some((at, place, value)) = first(rest, &values) {
            let (before, after) = rest.split_at(at);
            filled.push_str(before);
            filled.push_str(&coded(value));
            rest = after.strip_prefix(place).unwrap_or_default();
        }
        filled.push_str(rest);
        filled
    }
}

fn first<'v>(text: &str, values: &[(&'v str, &'v str)]) -> Option<(usize, &'v str, &'v str)> {
    values.iter().filter_map(|(place, value)| Some((text.find(place)?, *place, *value))).min_by_key(|found| found.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(id: &str) -> OrganizationKey {
        let text = str::to_owned;
        let (source, kind, name) = (text("work"), text("group"), text("A"));
        OrganizationKey { source, kind, id: text(id), name, slug: text("a/b") }
    }

    #[test]
    fn a_value_never_leaves_its_segment() {
        let organization = organization("../x?y#{job}");
        let filling = Filling { organization: &organization, job: "7" };
        assert_eq!(
            filling.path("/groups/{organization}/{slug}/jobs/{job}"),
            "/groups/..%2Fx%3Fy%23%7Bjob%7D/a%2Fb/jobs/7"
        );
        for (id, path) in [("..", "/x/%252E%252E/y"), (".", "/x/%252E/y"), ("a..b", "/x/a..b/y")] {
            let organization = self::organization(id);
            let filled = Filling { organization: &organization, job: "" }.path("/x/{organization}/y");
            let url = reqwest::Url::parse(&format!("https://app.example{filled}")).unwrap();
            assert_eq!(url.path(), path);
        }
    }

    #[test]
    fn strings_of_a_body_are_filled_and_nothing_else_of_it() {
        let organization = organization("{slug}");
        let filling = Filling { organization: &organization, job: "" };
        let body =
            serde_json::json!({"data": {"organization": "{organization}", "n": [1, null, "{slug}"], "all": "{all}"}});
        let lists = [("all".to_owned(), vec![Value::from("{slug}"), Value::from(7)])];
        assert_eq!(
            filling.json(&body, &lists).to_string(),
            r#"{"data":{"organization":"{slug}","n":[1,null,"a/b"],"all":["{slug}",7]}}"#
        );
    }
}
