//! The definitions that there are: those embedded in the binary, and the admin's own.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use orgvault_config::checked_toml::{FileProblem, Problems, read_text};

use orgvault_products::PRODUCTS;

use super::{Definition, parse};

/// A product and where its definition came from.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its definition.
    pub definition: Arc<Definition>,
    /// The admin's file; none for a definition that is embedded in the binary.
    pub file: Option<PathBuf>,
    /// Whether the admin's file stands in for an embedded definition.
    pub replaces_embedded: bool,
}

/// Every product that a source may have.
#[derive(Debug, Clone, Default)]
pub struct Products(BTreeMap<String, Product>);

impl Products {
    /// Those that are embedded in the binary.
    ///
    /// # Errors
    /// When a shipped definition is wrong, which a test rules out.
    pub fn embedded() -> Result<Self, Problems> {
        let mut products = Self::default();
        let mut problems = Problems::default();
        for product in PRODUCTS {
            match parse(product.definition, &Path::new("embedded").join(format!("{}.toml", product.name))) {
                Ok(definition) => products.insert(definition, None),
                Err(found) => problems.append(found),
            }
        }
        problems.or(products)
    }

    /// The embedded ones and every `*.toml` of `directory`, which need not exist. A file stands
    /// in for the embedded definition of the same name.
    ///
    /// # Errors
    /// All problems of all files at once.
    pub fn load(directory: &Path) -> Result<Self, Problems> {
        let mut products = Self::embedded()?;
        let mut problems = Problems::default();
        for file in definitions_in(directory)? {
            match read_text(&file).map_err(Problems::from).and_then(|text| parse(&text, &file)) {
                Ok(definition) => match products.file_of(&definition.name) {
                    Some(first) => problems.push(taken_twice(&file, &definition.name, first)),
                    None => products.insert(definition, Some(file)),
                },
                Err(found) => problems.append(found),
            }
        }
        problems.or(products)
    }

    /// The definition of a product.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Definition>> {
        self.0.get(name).map(|product| &product.definition)
    }

    /// Every product, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Product)> {
        self.0.iter().map(|(name, product)| (name.as_str(), product))
    }

    fn file_of(&self, name: &str) -> Option<&Path> {
        self.0.get(name)?.file.as_deref()
    }

    fn insert(&mut self, definition: Definition, file: Option<PathBuf>) {
        let name = definition.name.clone();
        let replaces_embedded = self.0.contains_key(&name);
        self.0.insert(name, Product { definition: Arc::new(definition), file, replaces_embedded });
    }
}

fn taken_twice(file: &Path, name: &str, first: &Path) -> FileProblem {
    let reason = format!("product {name:?} is defined by {} already", first.display());
    FileProblem::of_file(file, reason, "give it another name, or remove one of the files")
}

/// The `*.toml` files of the directory by name, without the hidden ones that editors leave there.
fn definitions_in(directory: &Path) -> Result<Vec<PathBuf>, FileProblem> {
    let mut files = match fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect::<Vec<_>>(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(FileProblem::unreadable(directory, &error)),
    };
    let is_hidden = |file: &Path| file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml") && !is_hidden(file));
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACKER: &str = include_str!("../../tests/it/fixtures/tracker.toml");

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(directory.path().join(name), text).unwrap();
        }
        directory
    }

    #[test]
    fn embedded_definitions_have_no_problem_and_the_names_of_their_files() {
        let products = Products::embedded().unwrap();
        assert_eq!(products.iter().count(), PRODUCTS.len());
        for product in PRODUCTS {
            let product = products.get(product.name).unwrap();
            assert!(product.formats.contains(&product.default_format));
            assert_eq!(product.offered().first(), Some(&product.default_format));
            assert_eq!(product.offered().len(), product.formats.len());
        }
    }

    #[test]
    fn embedded_definitions_say_of_each_table_what_it_is_and_list_each_column_of_those_that_they_read() {
        let products = Products::embedded().unwrap();
        for (product, Product { definition, .. }) in products.iter() {
            for (name, table) in &definition.tables {
                let is_base = definition.sections.iter().any(|section| section.table == *name);
                assert!(is_base || table.is_shared || table.excluded.is_some(), "{product}: {name} is in no list");
                assert!(!is_base || table.excluded.is_none(), "{product}: {name} is in two lists");
                assert!(table.reads.is_empty() || table.known.is_some(), "{product}: {name} lists only what it reads");
            }
        }
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_empty_one() {
        let products = Products::load(Path::new("/nonexistent/products")).unwrap();
        assert_eq!(products.iter().count(), PRODUCTS.len());
    }

    #[test]
    fn the_admins_own_definitions_are_found() {
        let directory =
            directory(&[("mine.toml", TRACKER), (".mine.toml", "x"), ("mine.toml.bak", "x"), ("README", "x")]);
        let products = Products::load(directory.path()).unwrap();
        assert_eq!(products.get("tracker").unwrap().measured_on, "tracker 1.2");
        let (_, product) = products.iter().find(|(name, _)| *name == "tracker").unwrap();
        assert_eq!(product.file.as_deref(), Some(&*directory.path().join("mine.toml")));
        assert!(!product.replaces_embedded);
        assert_eq!(products.iter().count(), PRODUCTS.len() + 1);
    }

    #[test]
    fn an_admins_definition_stands_in_for_the_embedded_one_of_its_name() {
        for name in PRODUCTS.map(|product| product.name) {
            let text = TRACKER.replacen("name = \"tracker\"", &format!("name = \"{name}\""), 1);
            let directory = directory(&[("mine.toml", &text)]);
            let products = Products::load(directory.path()).unwrap();
            let (_, product) = products.iter().find(|(found, _)| *found == name).unwrap();
            assert!(product.replaces_embedded && product.definition.measured_on == "tracker 1.2");
            assert_eq!(products.iter().count(), PRODUCTS.len());
        }
    }

    #[test]
    fn problems_of_all_files_are_said_at_once() {
        let directory = directory(&[
            ("a.toml", TRACKER),
            ("b.toml", TRACKER),
            ("c.toml", "[product\n"),
            ("d.toml", &TRACKER.replace("single = true", "single = 1")),
        ]);
        fs::write(directory.path().join("e.toml"), b"\xff").unwrap();
        fs::create_dir(directory.path().join("f.toml")).unwrap();
        let said = Products::load(directory.path()).unwrap_err().to_string();
        let place = directory.path().display().to_string();
        insta::assert_snapshot!(said.replace(&place, "/etc/orgvault/products"), @r#"
    /etc/orgvault/products/b.toml: product "tracker" is defined by /etc/orgvault/products/a.toml already (give it another name, or remove one of the files)
    /etc/orgvault/products/c.toml:1: column 9: not TOML: unclosed table, expected `]`
    /etc/orgvault/products/d.toml:42: section.single: is an integer, expected a boolean (write true or false, without quotes)
    /etc/orgvault/products/e.toml: invalid utf-8 sequence of 1 bytes from index 0 (save it as UTF-8)
    /etc/orgvault/products/f.toml: cannot be read: it is a directory and not a file
    "#);
    }
}
