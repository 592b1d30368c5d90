//! Lists the catalog's migrations for `catalog/migrations.rs`, in the order of their numbers.

use std::{
    env,
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>, Box<dyn Error>>>()?;
    files.sort();
    let mut list = String::from("[\n");
    for file in &files {
        let name = file.file_stem().and_then(|name| name.to_str()).ok_or("a migration without a name")?;
        let (number, words) = name.split_once('_').ok_or_else(|| format!("{name}: NUMBER_WORDS.sql is expected"))?;
        let number: i64 = number.parse()?;
        writeln!(
            list,
            "    ({number}, {:?}, include_str!({:?})),",
            words.replace('_', " "),
            file.display().to_string()
        )?;
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("migrations.rs"), list)?;
    println!("cargo:rerun-if-changed=migrations");
    Ok(())
}
