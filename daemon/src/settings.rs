//! The configuration and the product definitions that it refers to: what `orgvaultd` needs to
//! start, and what `orgvaultd check-config` looks at.

use std::path::Path;

use orgvault_config::{Config, Reading, checked_toml::Problems};

use crate::{product::Products, source::Source};

/// Everything that an admin wrote, checked.
#[derive(Debug)]
pub struct Settings {
    /// The configuration.
    pub config: Config,
    /// Every product; each source's is among them.
    pub products: Products,
}

impl Settings {
    /// Reads the configuration file and the definitions of its `products_dir`.
    ///
    /// # Errors
    /// All problems of all files at once.
    pub fn load(config: &Path) -> Result<Self, Problems> {
        Self::check(Reading::load(config))
    }

    /// Reads the definitions of a configuration's `products_dir` and looks for each source's.
    ///
    /// # Errors
    /// All problems of all files at once.
    pub fn check(reading: Reading) -> Result<Self, Problems> {
        let Reading { config, sources: lines, mut problems } = reading;
        let products = Products::load(&config.daemon.products_dir);
        for (source, lines) in config.sources.iter().zip(&lines) {
            if let Ok(products) = &products
                && !source.product.is_empty()
                && products.get(&source.product).is_none()
            {
                let known: Vec<&str> = products.iter().map(|(name, _)| name).collect();
                problems.push(lines.unknown_product(&source.product, &known));
            }
            // One that could not be read is a problem already.
            if (source.api.is_some() || !source.url.reveal().is_empty())
                && let Err(error) = Source::accepts(
                    source,
                    products.as_ref().ok().and_then(|it| it.get(&source.product)).map(AsRef::as_ref),
                )
            {
                problems.push(lines.refused_url(error.to_string(), error.hint()));
            }
        }
        let mut problems = problems.by_line();
        match products {
            Ok(products) => problems.or(Self { config, products }),
            Err(found) => {
                problems.append(found);
                Err(problems)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn write(products: &[(&str, &str)], config: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let products_dir = directory.path().join("products");
        fs::create_dir(&products_dir).unwrap();
        for (name, text) in products {
            fs::write(products_dir.join(name), text).unwrap();
        }
        let file = directory.path().join("config.toml");
        fs::write(&file, format!("[daemon]\nproducts_dir = {products_dir:?}\n{config}")).unwrap();
        (directory, file)
    }

    const TRACKER: &str = include_str!("../tests/it/fixtures/tracker.toml");
    const SOURCE: &str = "[[source]]\nname = \"mine\"\nproduct = \"tracker\"\nurl = \"sqlite:///app.db\"\n";

    #[test]
    fn each_source_has_its_definition() {
        let (_directory, file) = write(&[("mine.toml", TRACKER)], SOURCE);
        let settings = Settings::load(&file).unwrap();
        assert!(settings.products.get(&settings.config.sources[0].product).is_some());
    }

    #[test]
    fn an_unknown_product_is_said_with_its_line_beside_the_other_problems() {
        let (directory, file) =
            write(&[("mine.toml", TRACKER)], &SOURCE.replace("tracker", "trackr").replace("url", "ulr"));
        let said = Settings::load(&file)
            .unwrap_err()
            .to_string()
            .replace(&directory.path().display().to_string(), "/etc/orgvault");
        let lines: Vec<&str> = said.lines().collect();
        let unknown = "/etc/orgvault/config.toml:5: source.product: there is no product \"trackr\" (did you mean \"tracker\"? known: ";
        assert!(lines[0].starts_with("/etc/orgvault/config.toml:3: source.url: is missing"), "{said}");
        assert!(lines[1].starts_with(unknown), "{said}");
        assert!(lines[2].starts_with("/etc/orgvault/config.toml:6: source.ulr: is no known key"), "{said}");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn a_url_that_the_source_cannot_take_is_said_with_its_line_and_no_password() {
        let far = SOURCE.replace("sqlite:///app.db", "postgres://u@db.example/x?sslmode=prefer");
        let odd = SOURCE.replace("sqlite:///app.db", "postgres://u:hunter2@h:port/x").replace("mine", "odd");
        let (directory, file) = write(&[("mine.toml", TRACKER)], &format!("{far}{odd}"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let said = Settings::load(&file)
            .unwrap_err()
            .to_string()
            .replace(&directory.path().display().to_string(), "/etc/orgvault");
        assert!(!said.contains("hunter2"), "{said}");
        insta::assert_snapshot!(said, @r#"
    /etc/orgvault/config.toml:6: source.url: source mine: cannot use the url: it does not say sslmode=verify-full, and db.example is not this machine (add `sslmode=verify-full` (and `sslrootcert=FILE` for an own authority) to the source's url and enable TLS on the server, or set `tls = "as-url"` for a network that you trust)
    /etc/orgvault/config.toml:10: source.url: source odd: cannot read the url: its port is no number (correct `url` of this source in the configuration)
    "#);
    }

    #[test]
    fn a_definition_without_words_for_the_sources_database_is_said_with_the_url() {
        let count = "count = \"SELECT count(*) FROM users";
        assert_eq!(TRACKER.matches(count).count(), 1);
        let other = TRACKER.replace(count, &count.replace("count = ", "count.postgres = "));
        let (directory, file) = write(&[("mine.toml", &other)], SOURCE);
        let said = Settings::load(&file)
            .unwrap_err()
            .to_string()
            .replace(&directory.path().display().to_string(), "/etc/orgvault");
        insta::assert_snapshot!(said, @"/etc/orgvault/config.toml:6: source.url: source mine: cannot use its definition: product tracker says `section.count of users` only for other databases than SQLite (write the query for this database too, or correct `url` or `product` of the source)");
    }

    #[test]
    fn problems_of_configuration_and_definitions_are_said_at_once() {
        let (directory, file) = write(&[("mine.toml", "")], &SOURCE.replace("url", "ulr"));
        let said = Settings::load(&file)
            .unwrap_err()
            .to_string()
            .replace(&directory.path().display().to_string(), "/etc/orgvault");
        insta::assert_snapshot!(said, @r"
    /etc/orgvault/config.toml:3: source.url: is missing (add `url = ..`, `url_file = ..` or `url_credential = ..`; for an export API `token_file = ..`)
    /etc/orgvault/config.toml:6: source.ulr: is no known key (did you mean `url`?)
    /etc/orgvault/products/mine.toml:1: section: is missing (add a [[section]] for each stream of rows)
    /etc/orgvault/products/mine.toml:1: product.name: is missing (add `name = ..`)
    /etc/orgvault/products/mine.toml:1: product.measured_on: is missing (add `measured_on = ..`)
    /etc/orgvault/products/mine.toml:1: organization.list: is missing (add `list = ..`)
    ");
    }
}
