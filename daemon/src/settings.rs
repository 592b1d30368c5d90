//! The configuration and the product definitions that it refers to: what `orgvaultd` needs to
//! start, and what `orgvaultd check-config` looks at.

use std::path::Path;

use orgvault_shared::{
    checked_toml::Problems,
    config::{Config, Reading},
};

use crate::product::Products;

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
        let Reading { config, products: named, mut problems } = reading;
        let products = match Products::load(&config.daemon.products_dir) {
            Ok(products) => products,
            Err(found) => {
                // Which products there are is not known, so none can be called unknown.
                problems.append(found);
                return Err(problems);
            }
        };
        let known: Vec<&str> = products.iter().map(|(name, _)| name).collect();
        for product in named.iter().filter(|product| products.get(&product.product).is_none()) {
            problems.push(product.unknown(&known));
        }
        problems.or(Self { config, products })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        assert!(lines[0].starts_with("/etc/orgvault/config.toml:3: source.url: is missing"), "{said}");
        assert!(lines[1].starts_with("/etc/orgvault/config.toml:6: source.ulr: is no known key"), "{said}");
        let unknown = "/etc/orgvault/config.toml:5: source.product: there is no product \"trackr\" (did you mean \"tracker\"? known: ";
        assert!(lines[2].starts_with(unknown) && lines.len() == 3, "{said}");
    }

    #[test]
    fn problems_of_configuration_and_definitions_are_said_at_once() {
        let (directory, file) = write(&[("mine.toml", "")], &SOURCE.replace("url", "ulr"));
        let said = Settings::load(&file)
            .unwrap_err()
            .to_string()
            .replace(&directory.path().display().to_string(), "/etc/orgvault");
        insta::assert_snapshot!(said, @r"
    /etc/orgvault/config.toml:3: source.url: is missing (add `url = ..`, `url_file = ..` or `url_credential = ..`)
    /etc/orgvault/config.toml:6: source.ulr: is no known key (did you mean `url`?)
    /etc/orgvault/products/mine.toml:1: section: is missing (add a [[section]] for each stream of rows)
    /etc/orgvault/products/mine.toml:1: product.name: is missing (add `name = ..`)
    /etc/orgvault/products/mine.toml:1: product.measured_on: is missing (add `measured_on = ..`)
    /etc/orgvault/products/mine.toml:1: organization.list: is missing (add `list = ..`)
    ");
    }
}
